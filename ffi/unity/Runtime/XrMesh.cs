using System;
using System.IO;

namespace Xrmesh
{
    /// <summary>
    /// Agents that exchange messages, tick by tick. One thread at a time. It is destroyed by Dispose, or with its
    /// domain; a collection does not, because that would run agents' drops on a thread of the collector's choice.
    /// After its first frames Tick, Poll, Submit and Move allocate nothing; what fails throws an XrmeshException.
    /// </summary>
    public sealed unsafe class XrMesh : IDisposable
    {
        XrMeshHandle handle;

        /// <summary>A mesh without threads and with the default configuration.</summary>
        public XrMesh() : this(null, 0) { }

        /// <summary>A mesh with a configuration as JSON, or null; worker threads run no C# code.</summary>
        public XrMesh(string config, int workerThreads)
        {
            XrLibrary.Prepare();
            XrMeshOptions options = XrMeshOptions.Default();
            byte[] bytes = config == null ? new byte[0] : XrLibrary.Bytes(config);
            options.abi_version = Native.XRMESH_ABI_VERSION;
            options.worker_threads = checked((uint)workerThreads);
            options.config_len = (uint)bytes.Length;
            XrMeshHandle made;
            fixed (byte* first = bytes)
            {
                options.config = first;
                XrmeshException.Check(Native.xrmesh_mesh_create(&options, &made));
            }
            handle = made;
        }

        internal XrMesh(XrMeshHandle handle) { this.handle = handle; }

        public XrMeshHandle Handle { get { return handle; } }

        // Agents

        /// <summary>Spawns an agent that the host polls.</summary>
        public ulong Spawn()
        {
            ulong agent;
            XrmeshException.Check(Native.xrmesh_mesh_spawn(handle, null, &agent));
            return agent;
        }

        /// <summary>The same with options: see XrSpawnOptions.Default.</summary>
        public ulong Spawn(XrSpawnOptions options)
        {
            ulong agent;
            XrmeshException.Check(Native.xrmesh_mesh_spawn(handle, &options, &agent));
            return agent;
        }

        /// <summary>The same at a place.</summary>
        public ulong Spawn(XrPose pose)
        {
            XrSpawnOptions options = XrSpawnOptions.Default();
            options.flags = Native.XRMESH_SPAWN_POSE;
            options.pose = pose;
            return Spawn(options);
        }

        /// <summary>Spawns an agent of your own class. The mesh holds the object until the agent is gone.</summary>
        public ulong Spawn(XrAgent agent)
        {
            if (agent == null) throw new ArgumentNullException("agent");
            XrCallbacks calls = XrCallbacks.Default();
            Trampolines.Fill(agent, &calls);
            ulong id;
            XrmeshException.Check(Native.xrmesh_mesh_spawn_callbacks(handle, &calls, null, &id));
            return id;
        }

        /// <summary>
        /// Registers what makes agents of one type from bytes, for SpawnAs, restarts and replays. everyTick is the
        /// type's: whether OnTick runs in every tick.
        /// </summary>
        public void Register(string name, Func<byte[], XrAgent> factory, bool everyTick = false)
        {
            if (factory == null) throw new ArgumentNullException("factory");
            byte[] bytes = XrLibrary.Bytes(name);
            XrAgentType type = Trampolines.TypeOf(factory, everyTick);
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_mesh_register(handle, first, (uint)bytes.Length, &type));
        }

        /// <summary>Spawns an agent of a registered type.</summary>
        public ulong SpawnAs(string type, byte[] bytes)
        {
            byte[] name = XrLibrary.Bytes(type);
            ulong agent;
            fixed (byte* first = name)
            fixed (byte* content = bytes)
                XrmeshException.Check(Native.xrmesh_mesh_spawn_as(handle, first, (uint)name.Length, content,
                    bytes == null ? 0 : (uint)bytes.Length, null, &agent));
            return agent;
        }

        public void Despawn(ulong agent) { XrmeshException.Check(Native.xrmesh_mesh_despawn(handle, agent)); }

        public void Move(ulong agent, XrPose pose) { XrmeshException.Check(Native.xrmesh_mesh_move(handle, agent, &pose)); }

        /// <summary>Says where many agents are: the first count of both arrays.</summary>
        public void Move(ulong[] agents, XrPose[] poses, int count)
        {
            if (count < 0 || count > agents.Length || count > poses.Length) throw new ArgumentOutOfRangeException("count");
            fixed (ulong* ids = agents)
            fixed (XrPose* places = poses)
                XrmeshException.Check(Native.xrmesh_mesh_move_many(handle, ids, places, (uint)count, null));
        }

        /// <summary>Where an agent is; false if it has no pose or does not live.</summary>
        public bool PoseOf(ulong agent, out XrPose pose)
        {
            XrPose found = default(XrPose);
            int status = XrmeshException.Check(Native.xrmesh_mesh_pose_of(handle, agent, &found));
            pose = found;
            return status != Native.XRMESH_NONE;
        }

        public bool IsAlive(ulong agent)
        {
            uint alive;
            XrmeshException.Check(Native.xrmesh_mesh_is_alive(handle, agent, &alive));
            return alive != 0;
        }

        /// <summary>XRMESH_HEALTH_*.</summary>
        public int HealthOf(ulong agent)
        {
            byte health;
            XrmeshException.Check(Native.xrmesh_mesh_health(handle, agent, &health));
            return health;
        }

        // Topics and links

        /// <summary>Subscribes an agent to a topic, everywhere. Gives the topic's id.</summary>
        public ulong Subscribe(ulong agent, string topic) { return Subscribe(agent, topic, null); }

        /// <summary>Subscribes an agent to what happens in a region.</summary>
        public ulong Subscribe(ulong agent, string topic, XrRegion region) { return Subscribe(agent, topic, &region); }

        ulong Subscribe(ulong agent, string topic, XrRegion* region)
        {
            byte[] bytes = XrLibrary.Bytes(topic);
            ulong id;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_mesh_subscribe(handle, agent, first, (uint)bytes.Length, region, &id));
            return id;
        }

        public void Unsubscribe(ulong agent, ulong topic)
        {
            XrmeshException.Check(Native.xrmesh_mesh_unsubscribe(handle, agent, topic));
        }

        public void Connect(ulong a, ulong b) { XrmeshException.Check(Native.xrmesh_mesh_connect(handle, a, b)); }

        public void Disconnect(ulong a, ulong b) { XrmeshException.Check(Native.xrmesh_mesh_disconnect(handle, a, b)); }

        public void AutoConnect(float radius, float hysteresis)
        {
            XrmeshException.Check(Native.xrmesh_mesh_auto_connect(handle, radius, hysteresis));
        }

        /// <summary>The agents within a radius, nearest first. They must fit.</summary>
        public int Near(XrFloat3 point, float radius, ulong[] agents)
        {
            uint count;
            fixed (ulong* first = agents)
                XrmeshException.Check(Native.xrmesh_mesh_near(
                    handle, (float*)&point, radius, first, (uint)agents.Length, &count));
            return (int)count;
        }

        /// <summary>The agents linked to one. They must fit.</summary>
        public int Neighbours(ulong agent, ulong[] agents)
        {
            uint count;
            fixed (ulong* first = agents)
                XrmeshException.Check(Native.xrmesh_mesh_neighbours(handle, agent, first, (uint)agents.Length, &count));
            return (int)count;
        }

        // Frames

        /// <summary>One step, at a time of yours in nanoseconds. Handlers of XrAgent run in here.</summary>
        public void Tick(long nowNs, ulong messages = Native.XRMESH_UNLIMITED)
        {
            XrmeshException.Check(Native.xrmesh_mesh_tick(handle, nowNs, messages, null));
        }

        /// <summary>The same, with an account of what it did.</summary>
        public XrTickReport TickReported(long nowNs, ulong messages = Native.XRMESH_UNLIMITED)
        {
            XrTickReport report = XrTickReport.Default();
            XrmeshException.Check(Native.xrmesh_mesh_tick(handle, nowNs, messages, &report));
            return report;
        }

        /// <summary>One step of at most so many nanoseconds by the system's clock.</summary>
        public void TickTimed(long nowNs, ulong budgetNs)
        {
            XrmeshException.Check(Native.xrmesh_mesh_tick_timed(handle, nowNs, budgetNs, null));
        }

        /// <summary>
        /// Fills the inbox with the messages of the host's agents. Gives whether messages still wait; where the next
        /// one's payload is larger than the whole inbox it throws, with what it needs in Needed.
        /// </summary>
        public bool Poll(XrInbox inbox)
        {
            int status;
            inbox.result = default(XrPollResult);
            fixed (XrMessage* messages = inbox.messages)
            fixed (byte* payload = inbox.payload)
            fixed (XrPollResult* result = &inbox.result)
                status = Native.xrmesh_mesh_poll(handle, messages, (uint)inbox.messages.Length, payload,
                    (uint)inbox.payload.Length, result);
            return XrmeshException.Check(status) == Native.XRMESH_MORE;
        }

        /// <summary>
        /// Leases all messages that wait for the host: they stay where they are, for any thread to read, until the
        /// frame is disposed of. At most 8 of a mesh at a time. Allocates nothing.
        /// </summary>
        public XrFrame Lease()
        {
            XrFrameHandle frame;
            XrFrameView view;
            XrmeshException.Check(Native.xrmesh_mesh_lease(handle, &frame, &view));
            return new XrFrame(frame, view);
        }

        /// <summary>Sends what an outbox holds; the outbox stays as it is.</summary>
        public void Submit(XrOutbox outbox)
        {
            fixed (XrSend* sends = outbox.sends)
            fixed (byte* payload = outbox.payload)
                XrmeshException.Check(Native.xrmesh_mesh_submit(
                    handle, sends, (uint)outbox.count, payload, (uint)outbox.used, null, null));
        }

        // Processors

        /// <summary>Gives the mesh a copy of a processor, for its agents to think with. Gives its number.</summary>
        public int AddProcessor(string name, XrProcessor processor)
        {
            if (processor == null) throw new ArgumentNullException("processor");
            byte[] bytes = XrLibrary.Bytes(name);
            uint number;
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_mesh_add_processor(
                    handle, first, (uint)bytes.Length, processor.Handle, &number));
            return (int)number;
        }

        /// <summary>
        /// Has an agent of the host submit a vector to a processor: what it makes of it comes as a message of
        /// XRMESH_KIND_INFERENCE with your number ask, after timeoutNs a notice.
        /// </summary>
        public void Infer(ulong from, int processor, float[] values, long timeoutNs, uint ask)
        {
            fixed (float* first = values)
                XrmeshException.Check(Native.xrmesh_mesh_infer(
                    handle, from, checked((uint)processor), first, (uint)values.Length, timeoutNs, ask));
        }

        // Threads

        public XrSender Sender()
        {
            XrSenderHandle sender;
            XrmeshException.Check(Native.xrmesh_mesh_sender(handle, &sender));
            return new XrSender(sender);
        }

        public XrLane Lane()
        {
            XrLaneHandle lane;
            XrmeshException.Check(Native.xrmesh_mesh_lane(handle, &lane));
            return new XrLane(lane);
        }

        /// <summary>Gives the mesh to a thread of its own that ticks it, until Halt; Poll goes on to work. Not with
        /// agents of XrAgent, whose handlers run on the thread that calls Tick.</summary>
        public void Drive(double rateHz)
        {
            XrDriverOptions options = XrDriverOptions.Default();
            options.rate_hz = rateHz;
            XrmeshException.Check(Native.xrmesh_mesh_drive(handle, &options));
        }

        public void Halt() { XrmeshException.Check(Native.xrmesh_mesh_halt(handle)); }

        // Memory

        /// <summary>From here on the memory is the mesh's, which publishes it at each tick's end; it is changed by its own
        /// object as before.</summary>
        public void Attach(XrMemory memory) { XrmeshException.Check(Native.xrmesh_mesh_attach_memory(handle, memory.Handle)); }

        public void Detach(XrMemory memory) { XrmeshException.Check(Native.xrmesh_mesh_detach_memory(handle, memory.Handle)); }

        // Accounts

        public XrCounters Counters
        {
            get
            {
                XrCounters counters = XrCounters.Default();
                XrmeshException.Check(Native.xrmesh_mesh_counters(handle, &counters));
                return counters;
            }
        }

        public ulong StateHash
        {
            get
            {
                ulong hash;
                XrmeshException.Check(Native.xrmesh_mesh_state_hash(handle, &hash));
                return hash;
            }
        }

        /// <summary>Why an agent did or did not get a message: XRMESH_EXPLAIN_*, and XRMESH_DROP_* if dropped.</summary>
        public int Explain(ulong envelope, ulong agent, out int reason)
        {
            uint explanation, why = 0;
            XrmeshException.Check(Native.xrmesh_mesh_explain(handle, envelope, agent, &explanation, &why));
            reason = (int)why;
            return (int)explanation;
        }

        /// <summary>Records the session into a file, from its beginning on.</summary>
        public void Record(string path, int hashEvery = 1)
        {
            byte[] bytes = XrLibrary.Bytes(path);
            fixed (byte* first = bytes)
                XrmeshException.Check(Native.xrmesh_mesh_record(handle, first, (uint)bytes.Length, checked((uint)hashEvery)));
        }

        /// <summary>
        /// Records the session to a stream, from its beginning on. It is written to inside the calls of this mesh, and
        /// disposed of with the recording. What it throws ends the recording and not the session: it goes to
        /// XrLibrary.CallbackFailed, and Recording and FinishRecording say XRMESH_ERROR_CALLBACK.
        /// </summary>
        public void RecordTo(Stream stream, int hashEvery = 1, int bufferBytes = 1 << 18)
        {
            if (stream == null) throw new ArgumentNullException("stream");
            XrWriter writer = StreamTrampolines.WriterTo(stream);
            writer.buffer_bytes = checked((uint)bufferBytes);
            XrmeshException.Check(Native.xrmesh_mesh_record_to(handle, &writer, checked((uint)hashEvery)));
        }

        /// <summary>How far the recording is, and in its status whether it failed.</summary>
        public XrRecording Recording
        {
            get
            {
                XrRecording recording;
                XrmeshException.Check(Native.xrmesh_mesh_recording(handle, &recording));
                return recording;
            }
        }

        public void FinishRecording() { XrmeshException.Check(Native.xrmesh_mesh_finish_recording(handle, null)); }

        // Its end

        /// <summary>Runs OnStop of all agents, then destroys the mesh.</summary>
        public void Stop()
        {
            XrmeshException.Check(Native.xrmesh_mesh_stop(handle));
            handle.bits = 0;
        }

        /// <summary>Destroys the mesh, if it is there still; OnStop does not run, OnDropped does.</summary>
        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_mesh_destroy(handle);
            handle.bits = 0;
        }
    }
}
