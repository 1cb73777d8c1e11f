using System;

namespace Xrmesh
{
    /// <summary>
    /// A leased frame: messages that are read where they lie, by any thread, until it is disposed of; see
    /// XrMesh.Lease. A struct, so that a frame allocates nothing: it has one owner, who disposes of it once.
    /// </summary>
    public unsafe struct XrFrame : IDisposable
    {
        XrFrameHandle handle;
        readonly XrFrameView view;

        internal XrFrame(XrFrameHandle handle, XrFrameView view)
        {
            this.handle = handle;
            this.view = view;
        }

        public XrFrameHandle Handle { get { return handle; } }

        /// <summary>How many messages it has.</summary>
        public int Count { get { return (int)view.message_count; } }

        /// <summary>Messages that found the frame full since the last poll or lease, and are lost.</summary>
        public ulong Lost { get { return view.lost; } }

        /// <summary>A message, where it lies. Not to be used after Dispose.</summary>
        public ref XrMessage this[int index]
        {
            get
            {
                if (handle.bits == 0) throw new ObjectDisposedException("XrFrame");
                if ((uint)index >= view.message_count) throw new IndexOutOfRangeException();
                return ref view.messages[index];
            }
        }

        /// <summary>A message's bytes, where they lie. Not to be used after Dispose.</summary>
        public XrPayload Payload(int index)
        {
            ref XrMessage message = ref this[index];
            return new XrPayload(view.payload + message.payload_offset, message.payload_len);
        }

        /// <summary>Releases it: what it showed is gone.</summary>
        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_frame_release(handle);
            handle.bits = 0;
        }
    }
}
