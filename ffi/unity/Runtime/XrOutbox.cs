using System;

namespace Xrmesh
{
    /// <summary>
    /// Messages that are sent together, their payloads in one block: made once, used every frame. It grows to the
    /// largest frame it has seen, and allocates nothing from then on.
    /// </summary>
    public sealed unsafe class XrOutbox
    {
        internal XrSend[] sends;
        internal byte[] payload;
        internal int count;
        internal int used;
        readonly XrSend plain = XrSend.Default();

        public XrOutbox(int messages = 64, int bytes = 4096)
        {
            sends = new XrSend[Math.Max(1, messages)];
            payload = new byte[Math.Max(8, bytes)];
        }

        public int Count { get { return count; } }

        public void Clear() { count = 0; used = 0; }

        /// <summary>
        /// Adds a message and gives it, to have its further fields set before the next is added. Its payload is
        /// <paramref name="length"/> bytes of <paramref name="bytes"/> from <paramref name="offset"/> on.
        /// </summary>
        public ref XrSend Add(int kind, byte[] bytes, int offset, int length)
        {
            if (offset < 0 || length < 0 || offset > bytes.Length - length) throw new ArgumentOutOfRangeException("length");
            ref XrSend send = ref Add(kind, length);
            Buffer.BlockCopy(bytes, offset, payload, (int)send.payload_offset, length);
            return ref send;
        }

        /// <summary>The same from plain memory.</summary>
        public ref XrSend Add(int kind, void* bytes, int length)
        {
            ref XrSend send = ref Add(kind, length);
            byte* from = (byte*)bytes;
            int begin = (int)send.payload_offset;
            for (int i = 0; i < length; i++) payload[begin + i] = from[i];
            return ref send;
        }

        /// <summary>Adds a message with room for a payload, to be written to Payload at its payload_offset.</summary>
        public ref XrSend Add(int kind, int length = 0)
        {
            if (length < 0) throw new ArgumentOutOfRangeException("length");
            if (count == sends.Length) Array.Resize(ref sends, count * 2);
            while (payload.Length - used < length) Array.Resize(ref payload, checked(payload.Length * 2));
            ref XrSend send = ref sends[count++];
            send = plain;
            send.kind = checked((ushort)kind);
            send.payload_offset = (uint)used;
            send.payload_len = (uint)length;
            used += length;
            return ref send;
        }

        /// <summary>All payloads, which a later Add may replace by a larger array.</summary>
        public byte[] Payload { get { return payload; } }

        /// <summary>Adds a message to an agent.</summary>
        public ref XrSend ToAgent(ulong agent, int kind, int length = 0)
        {
            ref XrSend send = ref Add(kind, length);
            send.target = agent;
            return ref send;
        }

        /// <summary>Adds a message to all subscribers of a topic.</summary>
        public ref XrSend ToTopic(ulong topic, int kind, int length = 0)
        {
            ref XrSend send = ref Add(kind, length);
            send.to = Native.XRMESH_TO_TOPIC;
            send.target = topic;
            return ref send;
        }

        /// <summary>Adds the answer of an agent of the host to a question that it got.</summary>
        public ref XrSend Answer(ref XrMessage question, int kind, int length = 0)
        {
            ref XrSend send = ref ToAgent(question.from, kind, length);
            send.from = question.to;
            send.ask = question.ask;
            send.flags = Native.XRMESH_SEND_ANSWER;
            return ref send;
        }
    }
}
