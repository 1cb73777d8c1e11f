using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xrmesh;

/// Agents of C# classes: they are held until their drop, and what they throw stays on this side of C.
static class CallbackTest
{
    sealed class Echo : XrAgent
    {
        public static int heard, dropped, stopped;
        readonly ulong[] state = new ulong[100000];

        public override bool EveryTick { get { return true; } }

        protected internal override unsafe void OnMessage(XrContext context, ref XrMessage message, XrPayload payload)
        {
            heard++;
            state[heard] = payload.ReadUInt64();
            XrSend back = XrSend.Default();
            back.target = message.from;
            back.kind = message.kind;
            if (message.from != 0) context.Send(back, payload.Pointer, payload.Length);
        }

        protected internal override void OnStop(XrContext context) { stopped++; }
        protected internal override ulong HashState() { return (ulong)heard; }
        protected internal override void OnDropped() { dropped++; }
    }

    sealed class Thrower : XrAgent
    {
        public static Func<Exception> what;
        protected internal override void OnMessage(XrContext context, ref XrMessage message, XrPayload payload)
        {
            throw what();
        }
    }

    public static void Run()
    {
        Held();
        Rooted();
        Thrown();
        ByType();
        Refused();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static WeakReference SpawnEcho(XrMesh mesh, out ulong id)
    {
        Echo echo = new Echo();
        id = mesh.Spawn(echo);
        return new WeakReference(echo);
    }

    static void Collect()
    {
        // A collector that looks at stacks conservatively finds what an older frame left there: overwrite it.
        Overwrite(40);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    static unsafe int Overwrite(int depth)
    {
        byte* room = stackalloc byte[256];
        for (int i = 0; i < 256; i++) room[i] = 0;
        return depth == 0 ? room[3] : Overwrite(depth - 1) + room[7];
    }

    static void Held()
    {
        // Many, so that one left on a conservatively scanned stack by chance does not decide.
        const int Many = 20;
        using (XrMesh mesh = new XrMesh())
        {
            WeakReference[] agents = new WeakReference[Many];
            ulong[] ids = new ulong[Many];
            for (int i = 0; i < Many; i++) agents[i] = SpawnEcho(mesh, out ids[i]);
            XrOutbox outbox = new XrOutbox();
            ulong listener = mesh.Spawn();
            ulong before = mesh.StateHash;
            for (int round = 0; round < 5; round++)
            {
                Collect();
                outbox.Clear();
                for (int i = 0; i < Many; i++)
                {
                    ref XrSend send = ref outbox.ToAgent(ids[i], Native.XRMESH_KIND_USER, 8);
                    send.from = listener;
                }
                mesh.Submit(outbox);
                mesh.Tick(round);
            }
            Check.Same(Echo.heard, 5 * Many);
            Check.That(mesh.StateHash != before, "HashState is not in the state hash");
            foreach (WeakReference one in agents) Check.That(one.IsAlive, "the collector took a living agent");
            XrInbox inbox = new XrInbox(5 * Many, 40 * Many);
            mesh.Poll(inbox);
            Check.Same(inbox.Count, 5 * Many);
            foreach (ulong id in ids) mesh.Despawn(id);
            Check.Same(Echo.stopped, Many);
            Check.Same(Echo.dropped, Many);
            Collect();
            int left = 0;
            foreach (WeakReference one in agents) left += one.IsAlive ? 1 : 0;
            Check.That(left < Many / 2, left + " of " + Many + " dropped agents are still held");
        }
    }

    /// Whatever C is given is the pointer of a delegate that a static field holds. (Mono has one pointer for all
    /// delegates of a static function; elsewhere each delegate has its own, which dies with it.)
    static unsafe void Rooted()
    {
        XrCallbacks calls = XrCallbacks.Default();
        Trampolines.Fill(new Thrower(), &calls);
        XrAgentType type = Trampolines.TypeOf(bytes => null, false);
        Collect();
        var held = new HashSet<IntPtr>();
        foreach (FieldInfo field in typeof(Trampolines).GetFields(BindingFlags.Static | BindingFlags.NonPublic))
        {
            Delegate one = field.GetValue(null) as Delegate;
            if (one != null) held.Add(Marshal.GetFunctionPointerForDelegate(one));
        }
        Check.Same(held.Count, 8);
        IntPtr[] given =
        {
            calls.on_start, calls.on_message, calls.on_tick, calls.on_stop, calls.hash_state, calls.drop,
            type.create, type.drop
        };
        foreach (IntPtr one in given) Check.That(held.Contains(one), "C is given a delegate that nobody holds");
        GCHandle.FromIntPtr(calls.user_data).Free();
        GCHandle.FromIntPtr(type.user_data).Free();
    }

    /// The status that the C side gets from the trampoline for what the handler throws.
    static unsafe int StatusFor(Exception thrown)
    {
        Thrower.what = () => thrown;
        XrCallbacks calls = XrCallbacks.Default();
        Trampolines.Fill(new Thrower(), &calls);
        var onMessage = (XrCallbacksOnMessage)Marshal.GetDelegateForFunctionPointer(calls.on_message, typeof(XrCallbacksOnMessage));
        XrMessage message = default(XrMessage);
        int status = onMessage(calls.user_data, default(XrContextHandle), &message, null);
        var drop = (XrCallbacksDrop)Marshal.GetDelegateForFunctionPointer(calls.drop, typeof(XrCallbacksDrop));
        drop(calls.user_data);
        return status;
    }

    static void Thrown()
    {
        int reported = 0;
        Action<Exception> report = thrown => { reported++; throw new Exception("a listener that throws"); };
        XrLibrary.CallbackFailed += report;
        Check.Same(StatusFor(new InvalidOperationException("wanted")), Native.XRMESH_ERROR_CALLBACK);
        Check.Same(StatusFor(new XrmeshException(Native.XRMESH_ERROR_BUSY, "wanted")), Native.XRMESH_ERROR_CALLBACK);
        Check.Same(StatusFor(new XrmeshException(Native.XRMESH_FAULT_LATENCY_VIOLATION, "wanted")),
            Native.XRMESH_FAULT_LATENCY_VIOLATION);
        Check.Same(reported, 3);

        // In a mesh: each counts against the agent until its breaker opens, and the mesh goes on.
        Thrower.what = () => new Exception("wanted");
        using (XrMesh mesh = new XrMesh())
        {
            ulong agent = mesh.Spawn(new Thrower()), other = mesh.Spawn();
            XrOutbox outbox = new XrOutbox();
            XrInbox inbox = new XrInbox(16, 0);
            for (int i = 0; i < 10; i++)
            {
                outbox.Clear();
                Check.Plain(ref outbox.ToAgent(agent, Native.XRMESH_KIND_USER));
                Check.Plain(ref outbox.ToAgent(other, Native.XRMESH_KIND_USER));
                mesh.Submit(outbox);
                mesh.Tick(i);
                mesh.Poll(inbox);
                Check.Same(inbox.Count, 1);
            }
            XrCounters counters = mesh.Counters;
            Check.Same(reported, 3 + 5); // reliability.circuit_breaker_threshold
            ulong tripped;
            unsafe { tripped = counters.dropped[Native.XRMESH_DROP_TRIPPED]; }
            Check.That(tripped + counters.pending >= 5, "the breaker did not open");
            Check.That(mesh.IsAlive(agent), "the agent is gone");
        }
        XrLibrary.CallbackFailed -= report;
    }

    static void ByType()
    {
        int before = Echo.dropped;
        using (XrMesh mesh = new XrMesh())
        {
            int made = 0;
            mesh.Register("echo", bytes => { made++; return bytes.Length == 3 ? new Echo() : null; }, true);
            mesh.SpawnAs("echo", new byte[] { 1, 2, 3 });
            Check.Same(made, 1);
            Check.Same(Check.Throws(() => mesh.SpawnAs("echo", null)), Native.XRMESH_ERROR_FACTORY);
            Check.Same(Check.Throws(() => mesh.SpawnAs("other", null)), Native.XRMESH_ERROR_UNKNOWN_TYPE);
            mesh.Tick(0);
            mesh.Stop();
        }
        Check.Same(Echo.dropped, before + 1);
    }

    /// An agent that cannot be spawned is let go all the same; a handler cannot reach the mesh itself.
    static void Refused()
    {
        int before = Echo.dropped;
        XrMesh gone = new XrMesh();
        gone.Dispose();
        gone.Dispose();
        Check.Same(Check.Throws(() => gone.Spawn(new Echo())), Native.XRMESH_ERROR_INVALID_HANDLE);
        Check.Same(Echo.dropped, before + 1);
        using (XrMesh mesh = new XrMesh())
        {
            ulong agent = mesh.Spawn(new Thrower());
            int status = 0;
            Thrower.what = () =>
            {
                status = Check.Throws(() => mesh.Tick(1 << 30));
                return new Exception("wanted");
            };
            XrOutbox outbox = new XrOutbox();
            Check.Plain(ref outbox.ToAgent(agent, Native.XRMESH_KIND_USER));
            mesh.Submit(outbox);
            mesh.Tick(0);
            Check.Same(status, Native.XRMESH_ERROR_REENTRANT);
        }
    }
}
