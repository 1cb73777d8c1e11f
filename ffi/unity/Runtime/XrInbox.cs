using System;

namespace Xrmesh
{
    /// <summary>The arrays that a poll fills: made once, used every frame. No call here allocates.</summary>
    public sealed class XrInbox
    {
        internal readonly XrMessage[] messages;
        internal readonly byte[] payload;
        internal XrPollResult result;

        /// <summary>With room for so many messages and bytes of their payloads.</summary>
        public XrInbox(int messages, int bytes)
        {
            this.messages = new XrMessage[messages];
            payload = new byte[bytes];
        }

        /// <summary>Messages of the last poll.</summary>
        public int Count { get { return (int)result.message_count; } }

        /// <summary>Messages that waited still after the last poll.</summary>
        public int Waiting { get { return (int)result.waiting; } }

        /// <summary>Messages that were lost since the poll before, because the mesh's frame was full.</summary>
        public ulong Lost { get { return result.lost; } }

        /// <summary>Bytes that the next message needs, if it did not fit; else 0.</summary>
        public int Needed { get { return (int)result.needed; } }

        /// <summary>All payloads of the last poll: message i has payload_len bytes from payload_offset on.</summary>
        public byte[] Payload { get { return payload; } }

        /// <summary>A message of the last poll, where it lies.</summary>
        public ref XrMessage this[int index]
        {
            get
            {
                if ((uint)index >= result.message_count) throw new IndexOutOfRangeException();
                return ref messages[index];
            }
        }
    }
}
