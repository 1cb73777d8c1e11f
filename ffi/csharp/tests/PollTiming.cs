using System;
using System.Diagnostics;
using Xrmesh;

/// How long a poll of 1,000 messages of 80 bytes takes from C#: the median of 2,000, in nanoseconds. Its twin is
/// poll_timing.c; timing.sh compares them.
static class PollTiming
{
    const int Messages = 1000, Bytes = 80, Polls = 2000;

    public static void Run()
    {
        using (XrMesh mesh = new XrMesh())
        {
            ulong[] agents = new ulong[40];
            for (int i = 0; i < agents.Length; i++) agents[i] = mesh.Spawn();
            XrOutbox outbox = new XrOutbox();
            for (int i = 0; i < Messages; i++) Check.Plain(ref outbox.ToAgent(agents[i % agents.Length], Native.XRMESH_KIND_USER, Bytes));
            XrInbox inbox = new XrInbox(Messages, Messages * Bytes);
            long[] took = new long[Polls];
            for (int poll = 0; poll < Polls; poll++)
            {
                mesh.Submit(outbox);
                mesh.Tick(poll);
                long begun = Stopwatch.GetTimestamp();
                mesh.Poll(inbox);
                took[poll] = Stopwatch.GetTimestamp() - begun;
                Check.Same(inbox.Count, Messages);
            }
            Array.Sort(took);
            Console.WriteLine((long)(took[Polls / 2] * (1e9 / Stopwatch.Frequency)));
        }
    }
}
