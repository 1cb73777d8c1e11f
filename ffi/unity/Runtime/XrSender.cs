using System;

namespace Xrmesh
{
    /// <summary>Another thread's way into a mesh, for any number of threads at once.</summary>
    public sealed unsafe class XrSender : IDisposable
    {
        XrSenderHandle handle;

        internal XrSender(XrSenderHandle handle) { this.handle = handle; }

        public XrSenderHandle Handle { get { return handle; } }

        /// <summary>Sends what an outbox holds, in the next tick. Gives XRMESH_OK, or an error without throwing where
        /// the queue is full until the next tick: XRMESH_ERROR_FULL.</summary>
        public int Submit(XrOutbox outbox, out int accepted)
        {
            XrSubmitResult result = default(XrSubmitResult);
            int status;
            fixed (XrSend* sends = outbox.sends)
            fixed (byte* payload = outbox.payload)
                status = Native.xrmesh_sender_submit(
                    handle, sends, (uint)outbox.count, payload, (uint)outbox.used, &result);
            accepted = (int)result.accepted;
            return status == Native.XRMESH_ERROR_FULL ? status : XrmeshException.Check(status);
        }

        public void Move(ulong agent, XrPose pose) { XrmeshException.Check(Native.xrmesh_sender_move(handle, agent, &pose)); }

        public void Despawn(ulong agent) { XrmeshException.Check(Native.xrmesh_sender_despawn(handle, agent)); }

        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_sender_destroy(handle);
            handle.bits = 0;
        }
    }

    /// <summary>A thread's own way into a mesh: faster than a sender, for one thread at a time.</summary>
    public sealed unsafe class XrLane : IDisposable
    {
        XrLaneHandle handle;

        internal XrLane(XrLaneHandle handle) { this.handle = handle; }

        public XrLaneHandle Handle { get { return handle; } }

        /// <summary>As XrSender.Submit.</summary>
        public int Submit(XrOutbox outbox, out int accepted)
        {
            XrSubmitResult result = default(XrSubmitResult);
            int status;
            fixed (XrSend* sends = outbox.sends)
            fixed (byte* payload = outbox.payload)
                status = Native.xrmesh_lane_submit(
                    handle, sends, (uint)outbox.count, payload, (uint)outbox.used, &result);
            accepted = (int)result.accepted;
            return status == Native.XRMESH_ERROR_FULL ? status : XrmeshException.Check(status);
        }

        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_lane_destroy(handle);
            handle.bits = 0;
        }
    }
}
