using System;

namespace Xrmesh
{
    /// <summary>What a handler may use of the mesh. Of no use once the handler has returned.</summary>
    public unsafe struct XrContext
    {
        public readonly XrContextHandle Handle;

        internal XrContext(XrContextHandle handle) { Handle = handle; }

        public XrMoment Moment
        {
            get
            {
                XrMoment moment;
                XrmeshException.Check(Native.xrmesh_context_moment(Handle, &moment));
                return moment;
            }
        }

        /// <summary>Sends what an outbox holds, as this agent.</summary>
        public void Submit(XrOutbox outbox)
        {
            fixed (XrSend* sends = outbox.sends)
            fixed (byte* payload = outbox.payload)
                XrmeshException.Check(Native.xrmesh_context_submit(
                    Handle, sends, (uint)outbox.count, payload, (uint)outbox.used, null, null));
        }

        /// <summary>
        /// Sends one message, whose payload is what <paramref name="bytes"/> points to. Gives its envelope's id, or
        /// for a question the number that its answer has in ask.
        /// </summary>
        public ulong Send(XrSend send, void* bytes, int length)
        {
            ulong id;
            send.payload_offset = 0;
            send.payload_len = checked((uint)length);
            XrmeshException.Check(Native.xrmesh_context_submit(
                Handle, &send, 1, (byte*)bytes, (uint)length, &id, null));
            return id;
        }

        public void WakeAt(long atNs) { XrmeshException.Check(Native.xrmesh_context_wake_at(Handle, atNs)); }

        public void Move(XrPose pose) { XrmeshException.Check(Native.xrmesh_context_move(Handle, &pose)); }

        public void Subscribe(string topic)
        {
            byte[] bytes = XrLibrary.Bytes(topic);
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_context_subscribe(Handle, first, (uint)bytes.Length, null));
        }

        public void Unsubscribe(ulong topic) { XrmeshException.Check(Native.xrmesh_context_unsubscribe(Handle, topic)); }

        public void Connect(ulong other) { XrmeshException.Check(Native.xrmesh_context_connect(Handle, other)); }

        public void Disconnect(ulong other) { XrmeshException.Check(Native.xrmesh_context_disconnect(Handle, other)); }

        public void Despawn(ulong agent) { XrmeshException.Check(Native.xrmesh_context_despawn(Handle, agent)); }

        /// <summary>Where an agent is, this one for 0; false if it has no pose.</summary>
        public bool PoseOf(ulong agent, out XrPose pose)
        {
            XrPose found = default(XrPose);
            int status = XrmeshException.Check(Native.xrmesh_context_pose_of(Handle, agent, &found));
            pose = found;
            return status != Native.XRMESH_NONE;
        }

        /// <summary>The agents within a radius, nearest first, as many as fit. Gives how many there are.</summary>
        public int Near(XrFloat3 point, float radius, ulong[] agents)
        {
            uint count;
            fixed (ulong* first = agents)
                XrmeshException.Check(Native.xrmesh_context_near(
                    Handle, (float*)&point, radius, first, (uint)agents.Length, &count));
            return (int)count;
        }

        public ulong Random()
        {
            ulong number;
            XrmeshException.Check(Native.xrmesh_context_random(Handle, &number, 1));
            return number;
        }
    }
}
