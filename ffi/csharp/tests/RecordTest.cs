using System;
using System.IO;
using Xrmesh;

/// Sessions that are recorded to streams and replayed from them.
static class RecordTest
{
    sealed class Counts : XrAgent
    {
        public static int made, dropped;
        readonly ulong step;
        ulong sum;

        public Counts(byte[] bytes) { made++; step = bytes[0]; }

        protected internal override void OnMessage(XrContext context, ref XrMessage message, XrPayload payload)
        {
            sum += step;
        }

        protected internal override ulong HashState() { return sum; }
        protected internal override void OnDropped() { dropped++; }
    }

    /// Throws when it has taken so many bytes, and counts how often it is disposed of.
    sealed class Small : MemoryStream
    {
        public static int disposed;
        readonly long room;
        public Small(long room) { this.room = room; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > room) throw new IOException("full");
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            disposed++;
            base.Dispose(disposing);
        }
    }

    const int Ticks = 30;

    /// One that counts and one of the host, which both hear something in each tick.
    static ulong Session(XrMesh mesh)
    {
        ulong counts = mesh.SpawnAs("counts", new byte[] { 3 }), ears = mesh.Spawn();
        XrOutbox outbox = new XrOutbox();
        XrInbox inbox = new XrInbox(16, 1024);
        for (int tick = 0; tick < Ticks; tick++)
        {
            outbox.Clear();
            Check.Plain(ref outbox.ToAgent(counts, Native.XRMESH_KIND_USER));
            ref XrSend send = ref outbox.ToAgent(ears, Native.XRMESH_KIND_USER, 8);
            outbox.Payload[send.payload_offset] = (byte)tick;
            mesh.Submit(outbox);
            mesh.Tick(tick * 11111111L);
            mesh.Poll(inbox);
            Check.Same(inbox.Count, 1);
        }
        return mesh.StateHash;
    }

    public static void Run()
    {
        Small whole = new Small(long.MaxValue);
        ulong hash;
        using (XrMesh mesh = new XrMesh())
        {
            mesh.Register("counts", bytes => new Counts(bytes));
            mesh.RecordTo(whole, 1, 100);
            Check.Same(Check.Throws(() => mesh.RecordTo(new Small(1))), Native.XRMESH_ERROR_RECORDED);
            Check.Same(Small.disposed, 1);
            hash = Session(mesh);
            Check.Same(mesh.Recording.ticks, (ulong)Ticks);
            mesh.FinishRecording();
            Check.Same(Small.disposed, 2);
        }
        byte[] recording = whole.ToArray();
        Replayed(recording, hash);
        Thrown(recording.Length, hash);
        Check.Same(Counts.made, Counts.dropped);
        Check.Same(Check.Throws(() => new XrReplay("no/such/file")), Native.XRMESH_ERROR_IO);
    }

    static void Replayed(byte[] recording, ulong hash)
    {
        GC.Collect();
        XrReplaySetup setup = new XrReplaySetup().Register("counts", bytes => new Counts(bytes));
        XrInbox inbox = new XrInbox(16, 1024);
        XrReplayTick tick;
        using (XrReplay replay = new XrReplay(new MemoryStream(recording), setup))
        {
            int heard = 0;
            ulong last = 0;
            replay.Keep(100, 10000);
            while (replay.Step(out tick))
            {
                GC.Collect(0);
                last = tick.hash;
                replay.Poll(inbox);
                for (int i = 0; i < inbox.Count; i++)
                    if (inbox.Payload[inbox[i].payload_offset] == heard) heard++;
            }
            Check.Same(last, hash);
            Check.Same(heard, Ticks);
            Check.Same(replay.Counters.delivered, 2UL * Ticks);
            using (XrMesh mesh = replay.IntoMesh())
            {
                Check.Same(mesh.StateHash, hash);
                ulong other = mesh.SpawnAs("counts", new byte[] { 1 });
                XrOutbox outbox = new XrOutbox();
                Check.Plain(ref outbox.ToAgent(other, Native.XRMESH_KIND_USER));
                mesh.Submit(outbox);
                mesh.Tick(Ticks * 11111111L);
                Check.That(mesh.StateHash != hash, "nothing went on");
            }
        }
        // Another factory is another session.
        setup = new XrReplaySetup().Register("counts", bytes => new Counts(new byte[] { 9 }));
        using (XrReplay replay = new XrReplay(new MemoryStream(recording), setup))
            Check.Same(Check.Throws(() => replay.Run()), Native.XRMESH_ERROR_DIVERGED);
        Check.Same(Check.Throws(() => new XrReplay(new MemoryStream(new byte[] { 1, 2, 3 }), setup)),
            Native.XRMESH_ERROR_CORRUPT);
    }

    /// What a stream throws ends the recording, not the session.
    static void Thrown(int bytes, ulong hash)
    {
        Exception seen = null;
        Action<Exception> see = thrown => seen = thrown;
        XrLibrary.CallbackFailed += see;
        int disposed = Small.disposed;
        using (XrMesh mesh = new XrMesh())
        {
            mesh.Register("counts", made => new Counts(made));
            mesh.RecordTo(new Small(bytes - 200), 1, 0);
            Check.Same(Session(mesh), hash);
            Check.That(seen is IOException, "what was thrown went nowhere");
            Check.Same(mesh.Recording.status, Native.XRMESH_ERROR_CALLBACK);
            Check.Same(Check.Throws(() => mesh.FinishRecording()), Native.XRMESH_ERROR_CALLBACK);
        }
        Check.Same(Small.disposed, disposed + 1);
        XrLibrary.CallbackFailed -= see;
    }
}
