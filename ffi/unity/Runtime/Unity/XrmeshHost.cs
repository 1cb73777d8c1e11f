using System;
using System.Collections.Generic;
using UnityEngine;

namespace Xrmesh
{
    /// <summary>
    /// A mesh in a scene. Once a frame it says where its bodies are, sends what they put into Outbox, ticks, and hands
    /// each body its messages. After the first frames it allocates nothing.
    /// </summary>
    [DefaultExecutionOrder(-100)]
    [DisallowMultipleComponent]
    [AddComponentMenu("xrmesh/Mesh")]
    public sealed class XrmeshHost : MonoBehaviour
    {
        [Tooltip("The mesh's configuration as JSON; empty for the default.")]
        [TextArea]
        public string configuration = "";

        [Tooltip("Threads that work on a tick, this one included; 0 starts none.")]
        public int workerThreads = 0;

        [Tooltip("Milliseconds that a tick may take; 0 for no limit.")]
        public float budgetMilliseconds = 1f;

        [Tooltip("Messages taken out of the mesh at once; a frame takes all that wait.")]
        public int inboxMessages = 1024;

        [Tooltip("Bytes of their payloads.")]
        public int inboxBytes = 1 << 20;

        /// <summary>Gets the messages of agents that are no XrmeshBody.</summary>
        public event Action<XrInbox, int> Unclaimed;

        readonly Dictionary<ulong, XrmeshBody> bodies = new Dictionary<ulong, XrmeshBody>();
        ulong[] agents = new ulong[64];
        XrPose[] poses = new XrPose[64];
        XrMesh mesh;
        XrInbox inbox;
        XrOutbox outbox;
        long nowNs;

        /// <summary>The mesh; made when it is first asked for.</summary>
        public XrMesh Mesh
        {
            get
            {
                if (mesh == null)
                {
                    mesh = new XrMesh(string.IsNullOrEmpty(configuration) ? null : configuration, workerThreads);
                    inbox = new XrInbox(inboxMessages, inboxBytes);
                    outbox = new XrOutbox();
                }
                return mesh;
            }
        }

        /// <summary>What is sent in the next frame.</summary>
        public XrOutbox Outbox { get { return Mesh == null ? null : outbox; } }

        /// <summary>The mesh's time.</summary>
        public long NowNs { get { return nowNs; } }

        internal ulong Add(XrmeshBody body)
        {
            ulong agent = Mesh.Spawn(UnitySpace.PoseOf(body.transform));
            bodies.Add(agent, body);
            return agent;
        }

        internal void Remove(ulong agent)
        {
            if (bodies.Remove(agent) && mesh != null) mesh.Despawn(agent);
        }

        void Awake() { XrLibrary.CallbackFailed += Failed; }

        void Update()
        {
            XrMesh mesh = Mesh;
            SayWhereBodiesAre(mesh);
            if (outbox.Count > 0)
            {
                // Cleared also where a message is refused: it would be refused again in every frame.
                try { mesh.Submit(outbox); }
                finally { outbox.Clear(); }
            }
            nowNs += (long)(Time.unscaledDeltaTime * 1e9);
            if (budgetMilliseconds > 0) mesh.TickTimed(nowNs, Math.Max(20000UL, (ulong)(budgetMilliseconds * 1e6)));
            else mesh.Tick(nowNs);
            bool more;
            do
            {
                more = mesh.Poll(inbox);
                for (int i = 0; i < inbox.Count; i++) HandOut(i);
            } while (more);
        }

        void OnDestroy()
        {
            XrLibrary.CallbackFailed -= Failed;
            bodies.Clear();
            if (mesh != null) mesh.Dispose();
            mesh = null;
        }

        void SayWhereBodiesAre(XrMesh mesh)
        {
            if (agents.Length < bodies.Count)
            {
                int room = Math.Max(bodies.Count, agents.Length * 2);
                agents = new ulong[room];
                poses = new XrPose[room];
            }
            int count = 0;
            foreach (KeyValuePair<ulong, XrmeshBody> one in bodies)
            {
                if (!one.Value.follows) continue;
                agents[count] = one.Key;
                poses[count++] = UnitySpace.PoseOf(one.Value.transform);
            }
            mesh.Move(agents, poses, count);
        }

        void HandOut(int index)
        {
            XrmeshBody body;
            if (bodies.TryGetValue(inbox[index].to, out body)) body.Receive(inbox, index);
            else if (Unclaimed != null) Unclaimed(inbox, index);
        }

        static void Failed(Exception thrown) { Debug.LogException(thrown); }

        /// <summary>A play session that begins without a reload of the domain finds nothing of the one before.</summary>
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        static void Begin() { XrLibrary.ShutdownAll(); }
    }
}
