using System;
using Xrmesh;

/// A frame of 1,000 messages of 80 bytes: filled, sent, ticked, polled and read without an allocation.
static class FrameTest
{
    const int Messages = 1000, Bytes = 80;

    public static void Run()
    {
        using (XrMesh mesh = new XrMesh())
        {
            ulong[] agents = new ulong[40];
            XrPose[] poses = new XrPose[40];
            for (int i = 0; i < agents.Length; i++)
            {
                poses[i].orientation.w = 1;
                poses[i].position.x = i;
                agents[i] = mesh.Spawn(poses[i]);
            }
            XrInbox inbox = new XrInbox(Messages, Messages * Bytes);
            XrOutbox outbox = new XrOutbox();
            byte[] pattern = new byte[Bytes];
            for (int i = 0; i < Bytes; i++) pattern[i] = (byte)(i * 7);
            long tick = 0, sum = 0;
            for (int frame = 0; frame < 20; frame++) sum += Frame(mesh, agents, poses, inbox, outbox, pattern, ++tick);

            long before = GC.GetAllocatedBytesForCurrentThread();
            int collections = GC.CollectionCount(0);
            for (int frame = 0; frame < 200; frame++) sum += Frame(mesh, agents, poses, inbox, outbox, pattern, ++tick);
            Check.Same(GC.GetAllocatedBytesForCurrentThread() - before, 0L);
            Check.Same(GC.CollectionCount(0), collections);
            Check.Same(sum, 220L * Messages);

            // The measure itself notices one object.
            before = GC.GetAllocatedBytesForCurrentThread();
            GC.KeepAlive(new byte[1]);
            Check.That(GC.GetAllocatedBytesForCurrentThread() > before, "the count of allocated bytes stands still");

            WhatDoesNotFit(mesh, agents[0], ++tick);
            Answers(mesh, agents, ++tick);
        }
    }

    static long Frame(XrMesh mesh, ulong[] agents, XrPose[] poses, XrInbox inbox, XrOutbox outbox, byte[] pattern, long tick)
    {
        outbox.Clear();
        for (int i = 0; i < Messages; i++)
        {
            ref XrSend send = ref outbox.Add(Native.XRMESH_KIND_USER, pattern, 0, Bytes);
            send.target = agents[i % agents.Length];
        }
        for (int i = 0; i < poses.Length; i++) poses[i].position.y = tick;
        mesh.Move(agents, poses, agents.Length);
        mesh.Submit(outbox);
        mesh.Tick(tick * 11111111);
        Check.That(!mesh.Poll(inbox), "messages are left");
        long right = 0;
        for (int i = 0; i < inbox.Count; i++)
        {
            ref XrMessage message = ref inbox[i];
            uint last = message.payload_offset + message.payload_len - 1;
            if (message.payload_len == Bytes && inbox.Payload[last] == pattern[Bytes - 1]) right++;
        }
        return right;
    }

    static void WhatDoesNotFit(XrMesh mesh, ulong agent, long tick)
    {
        XrOutbox outbox = new XrOutbox();
        Check.Plain(ref outbox.ToAgent(agent, Native.XRMESH_KIND_USER, 100));
        mesh.Submit(outbox);
        mesh.Tick(tick * 11111111);
        XrInbox small = new XrInbox(4, 99), large = new XrInbox(4, 104);
        Check.Same(Check.Throws(() => mesh.Poll(small)), Native.XRMESH_ERROR_BUFFER_TOO_SMALL);
        Check.Same(small.Needed, 100);
        Check.That(!mesh.Poll(large) && large.Count == 1, "the message is gone");
        ulong nobody = ulong.MaxValue;
        outbox.Clear();
        Check.Plain(ref outbox.ToAgent(nobody, Native.XRMESH_KIND_USER));
        Check.Same(Check.Throws(() => mesh.Submit(outbox)), Native.XRMESH_ERROR_UNKNOWN_AGENT);
        Check.That(XrLibrary.LastError().Length > 0, "an error without a text");
    }

    /// One agent of the host asks another, which answers.
    static void Answers(XrMesh mesh, ulong[] agents, long tick)
    {
        XrInbox inbox = new XrInbox(8, 64);
        XrOutbox outbox = new XrOutbox();
        ref XrSend question = ref outbox.ToAgent(agents[1], Native.XRMESH_KIND_USER);
        question.from = agents[0];
        question.flags = Native.XRMESH_SEND_ASK;
        question.time_ns = 1000000000;
        question.ask = 77;
        mesh.Submit(outbox);
        for (int i = 0; i < 4; i++)
        {
            mesh.Tick(tick * 11111111 + i);
            mesh.Poll(inbox);
            outbox.Clear();
            for (int j = 0; j < inbox.Count; j++)
            {
                if ((inbox[j].flags & Native.XRMESH_MESSAGE_ANSWER) != 0)
                {
                    Check.Same(inbox[j].ask, 77u);
                    return;
                }
                Check.Same(inbox[j].to, agents[1]);
                Check.Plain(ref outbox.Answer(ref inbox[j], Native.XRMESH_KIND_USER + 1));
            }
            mesh.Submit(outbox);
        }
        throw new Exception("no answer came");
    }
}
