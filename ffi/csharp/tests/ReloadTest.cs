using System;
using System.Threading;
using Xrmesh;

/// An editor's reload, ten times: a domain loads the code, uses the library and is unloaded with everything open. The
/// library, which stays in the process, must let go of all of it before the domain goes.
static class ReloadTest
{
    sealed class Counting : XrAgent
    {
        public int ticks;
        public override bool EveryTick { get { return true; } }
        protected internal override void OnTick(XrContext context) { ticks++; }
    }

    /// What scripts of a scene would hold when the reload comes.
    sealed class Session : MarshalByRefObject
    {
        XrMesh ticked, driven;
        XrSender sender;
        XrLane lane;

        public void Begin()
        {
            Counting agent = new Counting();
            ticked = new XrMesh();
            ticked.Spawn(agent);
            for (int i = 0; i < 5; i++) ticked.Tick(i);
            Check.Same(agent.ticks, 5);
            driven = new XrMesh(null, 2);
            driven.Spawn();
            sender = driven.Sender();
            lane = driven.Lane();
            Check.That(sender.Handle.bits != 0 && lane.Handle.bits != 0, "a null handle");
            driven.Drive(1000);
        }
    }

    static unsafe uint Open()
    {
        uint count;
        XrmeshException.Check(Native.xrmesh_shutdown_all(&count));
        return count;
    }

    public static void Run()
    {
        string program = typeof(ReloadTest).Assembly.Location;
        for (int reload = 0; reload < 10; reload++)
        {
            AppDomain scripts = AppDomain.CreateDomain("scripts " + reload);
            var session = (Session)scripts.CreateInstanceFromAndUnwrap(program, typeof(Session).FullName, false,
                System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public, null, null, null, null);
            session.Begin();
            // From another thread, as an editor may, and watched: a hang must fail, not hang.
            Exception failed = null;
            Thread unloading = new Thread(() =>
            {
                try { AppDomain.Unload(scripts); }
                catch (Exception thrown) { failed = thrown; }
            });
            unloading.IsBackground = true;
            unloading.Start();
            Check.That(unloading.Join(30000), "reload " + reload + " hangs");
            if (failed != null) throw failed;
            Check.Same(Open(), 0u);
        }
        // The library is as good as new.
        using (XrMesh mesh = new XrMesh())
        {
            mesh.Spawn(new Counting());
            mesh.Tick(0);
        }
    }
}
