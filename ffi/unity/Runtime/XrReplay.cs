using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Xrmesh
{
    /// <summary>What a replay is opened with: all types and processors that the session had.</summary>
    public sealed class XrReplaySetup
    {
        internal readonly List<KeyValuePair<string, KeyValuePair<Func<byte[], XrAgent>, bool>>> types =
            new List<KeyValuePair<string, KeyValuePair<Func<byte[], XrAgent>, bool>>>();
        internal readonly List<KeyValuePair<string, XrProcessor>> processors = new List<KeyValuePair<string, XrProcessor>>();

        /// <summary>A type, as it was registered: see XrMesh.Register.</summary>
        public XrReplaySetup Register(string name, Func<byte[], XrAgent> factory, bool everyTick = false)
        {
            if (factory == null) throw new ArgumentNullException("factory");
            types.Add(new KeyValuePair<string, KeyValuePair<Func<byte[], XrAgent>, bool>>(
                name, new KeyValuePair<Func<byte[], XrAgent>, bool>(factory, everyTick)));
            return this;
        }

        /// <summary>A processor, in the order in which they were added.</summary>
        public XrReplaySetup Add(string name, XrProcessor processor)
        {
            if (processor == null) throw new ArgumentNullException("processor");
            processors.Add(new KeyValuePair<string, XrProcessor>(name, processor));
            return this;
        }
    }

    /// <summary>
    /// A recorded session that is done again, tick by tick, and held against what was recorded. One thread at a time:
    /// handlers of XrAgent run in Step and Run.
    /// </summary>
    public sealed unsafe class XrReplay : IDisposable
    {
        XrReplayHandle handle;

        /// <summary>Opens a recording in a file.</summary>
        public XrReplay(string path, XrReplaySetup setup = null)
        {
            XrLibrary.Prepare();
            byte[] bytes = XrLibrary.Bytes(path);
            Open(setup, delegate(ref XrReplayOptions options, out XrReplayHandle made)
            {
                fixed (byte* first = bytes)
                fixed (XrReplayOptions* given = &options)
                fixed (XrReplayHandle* to = &made)
                    return Native.xrmesh_replay_open(first, (uint)bytes.Length, given, to);
            });
        }

        /// <summary>Opens a recording that a stream gives, which is disposed of with the replay.</summary>
        public XrReplay(Stream stream, XrReplaySetup setup = null)
        {
            if (stream == null) throw new ArgumentNullException("stream");
            XrLibrary.Prepare();
            XrReader reader = StreamTrampolines.ReaderOf(stream);
            Open(setup, delegate(ref XrReplayOptions options, out XrReplayHandle made)
            {
                XrReader from = reader;
                fixed (XrReplayOptions* given = &options)
                fixed (XrReplayHandle* to = &made)
                    return Native.xrmesh_replay_open_from(&from, given, to);
            });
        }

        delegate int Opening(ref XrReplayOptions options, out XrReplayHandle made);

        /// <summary>Lays the setup out for C, in memory that is its own until the call returns.</summary>
        void Open(XrReplaySetup setup, Opening open)
        {
            setup = setup ?? new XrReplaySetup();
            XrReplayOptions options = XrReplayOptions.Default();
            options.worker_threads = 0; // handlers run on the thread that steps
            List<IntPtr> lent = new List<IntPtr>();
            XrReplayHandle made;
            try
            {
                XrNamedType* types = (XrNamedType*)Lend(lent, setup.types.Count * sizeof(XrNamedType));
                XrAgentType* each = (XrAgentType*)Lend(lent, setup.types.Count * sizeof(XrAgentType));
                XrNamedProcessor* processors =
                    (XrNamedProcessor*)Lend(lent, setup.processors.Count * sizeof(XrNamedProcessor));
                for (int i = 0; i < setup.processors.Count; i++)
                {
                    processors[i] = default(XrNamedProcessor);
                    processors[i].name = Lend(lent, setup.processors[i].Key, out processors[i].name_len);
                    processors[i].processor = setup.processors[i].Value.Handle;
                }
                for (int i = 0; i < setup.types.Count; i++)
                {
                    types[i] = default(XrNamedType);
                    types[i].name = Lend(lent, setup.types[i].Key, out types[i].name_len);
                    types[i].agent_type = &each[i];
                }
                // From here on each factory is held, until its drop.
                for (int i = 0; i < setup.types.Count; i++)
                    each[i] = Trampolines.TypeOf(setup.types[i].Value.Key, setup.types[i].Value.Value);
                options.types = types;
                options.type_count = (uint)setup.types.Count;
                options.processors = processors;
                options.processor_count = (uint)setup.processors.Count;
                XrmeshException.Check(open(ref options, out made));
            }
            finally
            {
                foreach (IntPtr memory in lent) Marshal.FreeHGlobal(memory);
            }
            handle = made;
        }

        static byte* Lend(List<IntPtr> lent, int bytes)
        {
            IntPtr memory = Marshal.AllocHGlobal(Math.Max(bytes, 1));
            lent.Add(memory);
            return (byte*)memory;
        }

        static byte* Lend(List<IntPtr> lent, string text, out uint length)
        {
            byte[] bytes = XrLibrary.Bytes(text);
            byte* memory = Lend(lent, bytes.Length);
            Marshal.Copy(bytes, 0, (IntPtr)memory, bytes.Length);
            length = (uint)bytes.Length;
            return memory;
        }

        public XrReplayHandle Handle { get { return handle; } }

        /// <summary>Does the next tick; false after the last. Throws XRMESH_ERROR_DIVERGED where it is another.</summary>
        public bool Step(out XrReplayTick tick)
        {
            XrReplayTick done = default(XrReplayTick);
            int status = XrmeshException.Check(Native.xrmesh_replay_step(handle, &done, null));
            tick = done;
            return status != Native.XRMESH_END;
        }

        /// <summary>Does all ticks that are left, and gives how many they were.</summary>
        public long Run()
        {
            ulong ticks;
            XrmeshException.Check(Native.xrmesh_replay_run(handle, &ticks));
            return (long)ticks;
        }

        /// <summary>From here on the messages of the host's agents are kept for Poll.</summary>
        public void Keep(int messages, int bytes)
        {
            XrmeshException.Check(Native.xrmesh_replay_keep(handle, checked((uint)messages), checked((uint)bytes)));
        }

        /// <summary>Fills the inbox as XrMesh.Poll did in the session.</summary>
        public bool Poll(XrInbox inbox)
        {
            int status;
            inbox.result = default(XrPollResult);
            fixed (XrMessage* messages = inbox.messages)
            fixed (byte* payload = inbox.payload)
            fixed (XrPollResult* result = &inbox.result)
                status = Native.xrmesh_replay_poll(handle, messages, (uint)inbox.messages.Length, payload,
                    (uint)inbox.payload.Length, result);
            return XrmeshException.Check(status) == Native.XRMESH_MORE;
        }

        public XrCounters Counters
        {
            get
            {
                XrCounters counters = XrCounters.Default();
                XrmeshException.Check(Native.xrmesh_replay_counters(handle, &counters));
                return counters;
            }
        }

        /// <summary>Goes on with the mesh as a session of its own; the replay ends here.</summary>
        public XrMesh IntoMesh(int frameMessages = 1 << 16, int frameBytes = 64 << 20)
        {
            XrMeshHandle mesh;
            XrmeshException.Check(Native.xrmesh_replay_into_mesh(
                handle, checked((uint)frameMessages), checked((uint)frameBytes), &mesh));
            handle.bits = 0;
            return new XrMesh(mesh);
        }

        public void Dispose()
        {
            if (handle.bits != 0) Native.xrmesh_replay_destroy(handle);
            handle.bits = 0;
        }
    }
}
