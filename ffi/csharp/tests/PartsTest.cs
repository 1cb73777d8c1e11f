using System;
using System.Threading;
using Xrmesh;

/// Leased frames, histograms and processors.
static class PartsTest
{
    public static void Run()
    {
        Frames();
        Histograms();
        Processors();
    }

    /// A frame is read where it lies, on another thread as well, and neither leasing nor reading allocates.
    static void Frames()
    {
        using (XrMesh mesh = new XrMesh())
        {
            ulong ears = mesh.Spawn();
            XrOutbox outbox = new XrOutbox();
            for (int i = 0; i < 100; i++)
            {
                ref XrSend send = ref outbox.ToAgent(ears, Native.XRMESH_KIND_USER, 8);
                outbox.Payload[send.payload_offset] = (byte)i;
            }
            long sum = 0, before = 0;
            for (int frame = 0; frame < 100; frame++)
            {
                if (frame == 20) before = GC.GetAllocatedBytesForCurrentThread();
                mesh.Submit(outbox);
                mesh.Tick(frame);
                using (XrFrame leased = mesh.Lease())
                    for (int i = 0; i < leased.Count; i++)
                        if (leased[i].to == ears) sum += (long)leased.Payload(i).ReadUInt64();
            }
            Check.Same(GC.GetAllocatedBytesForCurrentThread() - before, 0L);
            Check.Same(sum, 100L * 4950);

            mesh.Submit(outbox);
            mesh.Tick(100);
            XrFrame kept = mesh.Lease();
            int heard = 0;
            Thread reader = new Thread(() => heard = kept.Count);
            reader.Start();
            reader.Join();
            Check.Same(heard, 100);
            Check.Same(kept.Lost, 0UL);
            mesh.Dispose();
            Check.Same(kept[99].to, ears); // it outlives its mesh
            kept.Dispose();
            kept.Dispose();
            bool refused = false;
            try { sum += (long)kept[0].to; }
            catch (ObjectDisposedException) { refused = true; }
            Check.That(refused, "a disposed frame is read");
        }
    }

    static void Histograms()
    {
        using (XrHistogram one = new XrHistogram(), other = new XrHistogram())
        {
            ulong value;
            Check.That(!one.Quantile(0.5, out value), "an empty histogram has a median");
            for (ulong i = 1; i <= 1000; i++) one.Record(i);
            Check.That(one.Quantile(0.5, out value) && value >= 495 && value <= 505, "the median is " + value);
            other.Record(1000000, 3);
            one.Merge(other);
            Check.Same(one.Count, 1003UL);
            Check.That(one.Quantile(1, out value) && value == 1000000, "the greatest is " + value);
            one.Clear();
            Check.Same(one.Count, 0UL);
            Check.Same(Check.Throws(() => one.Quantile(2, out value)), Native.XRMESH_ERROR_OUT_OF_RANGE);
        }
    }

    static void Processors()
    {
        XrLayer[] layers = new XrLayer[1];
        layers[0].rows = layers[0].columns = 2;
        layers[0].activation = Native.XRMESH_ACTIVATION_RELU;
        double[] weights = { 1, -1, 0.5, 2 };
        using (XrProcessor processor = new XrProcessor(layers, weights))
        using (XrMesh mesh = new XrMesh())
        {
            Check.Same(processor.Inputs, 2);
            Check.Same(processor.Outputs, 2);
            float[] values = { 1, 2, 3, 4 }, outputs = new float[4];
            processor.Forward(values, 2, outputs);
            Check.That(Math.Abs(outputs[1] - 4.5) < 1e-4 && Math.Abs(outputs[3] - 9.5) < 1e-4, "other numbers");
            Check.Same(Check.Throws(() => processor.Forward(values, 3, outputs)), Native.XRMESH_ERROR_SHAPE);
            Check.That(processor.Energy(1e6).total_w > 0, "it takes no power");

            ulong agent = mesh.Spawn();
            int number = mesh.AddProcessor("two", processor);
            XrInbox inbox = new XrInbox(4, 64);
            mesh.Infer(agent, number, new float[] { 1, 2 }, 1000000000, 42);
            for (int tick = 0; tick < 40; tick++)
            {
                mesh.Tick(tick * 11111111L);
                mesh.Poll(inbox);
                if (inbox.Count == 0) continue;
                Check.Same((int)inbox[0].kind, Native.XRMESH_KIND_INFERENCE);
                Check.Same(inbox[0].ask, 42u);
                float second = BitConverter.ToSingle(inbox.Payload, (int)inbox[0].payload_offset + 4);
                Check.That(Math.Abs(second - 4.5) < 1e-4, "it inferred " + second);
                return;
            }
            throw new Exception("no inference came");
        }
    }
}
