using System;
using System.Runtime.InteropServices;
#if UNITY_5_3_OR_NEWER
using AOT;
#endif

#if !UNITY_5_3_OR_NEWER
namespace Xrmesh
{
    /// <summary>What ahead-of-time compilers look for, by this name, on functions that C calls.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type) { }
    }
}
#endif

namespace Xrmesh
{
    /// <summary>
    /// An agent whose handlers are your own. They run inside XrMesh.Tick, on its thread, and may call nothing of the
    /// library but their context. What they throw counts as a failure of the agent and goes to
    /// XrLibrary.CallbackFailed. The mesh keeps the object until the agent is gone.
    /// </summary>
    public abstract class XrAgent
    {
        /// <summary>Whether OnTick runs in every tick, not only when a wake is due.</summary>
        public virtual bool EveryTick { get { return false; } }

        /// <summary>Once, in the first tick, before any message.</summary>
        protected internal virtual void OnStart(XrContext context) { }

        /// <summary>For each message. It and its payload are valid until this returns.</summary>
        protected internal virtual void OnMessage(XrContext context, ref XrMessage message, XrPayload payload) { }

        /// <summary>When a wake is due, and in every tick if EveryTick.</summary>
        protected internal virtual void OnTick(XrContext context) { }

        /// <summary>Once, when the agent is despawned or the mesh is stopped.</summary>
        protected internal virtual void OnStop(XrContext context) { }

        /// <summary>A hash of all that decides what the agent does next.</summary>
        protected internal virtual ulong HashState() { return 0; }

        /// <summary>Once, when the mesh lets go of the object, on the thread that removes the agent.</summary>
        protected internal virtual void OnDropped() { }
    }

    /// <summary>A message's bytes, where they lie.</summary>
    public unsafe struct XrPayload
    {
        public readonly byte* Pointer;
        public readonly int Length;

        internal XrPayload(byte* pointer, uint length) { Pointer = pointer; Length = (int)length; }

        public byte this[int index]
        {
            get
            {
                if ((uint)index >= (uint)Length) throw new IndexOutOfRangeException();
                return Pointer[index];
            }
        }

        public ulong ReadUInt64(int offset = 0)
        {
            if (offset < 0 || offset > Length - 8) throw new IndexOutOfRangeException();
            ulong number = 0;
            for (int i = 7; i >= 0; i--) number = number << 8 | Pointer[offset + i];
            return number;
        }

        public void CopyTo(byte[] bytes) { Marshal.Copy((IntPtr)Pointer, bytes, 0, Length); }
    }

    /// <summary>
    /// The functions that C calls. The delegates live as long as this class, so that no collection can take one that
    /// the library may still call; the agent's object is held by a GCHandle from here to its drop.
    /// </summary>
    static unsafe class Trampolines
    {
        static readonly XrCallbacksOnStart start = Start;
        static readonly XrCallbacksOnMessage message = Message;
        static readonly XrCallbacksOnTick tick = Tick;
        static readonly XrCallbacksOnStop stop = Stop;
        static readonly XrCallbacksHashState hash = Hash;
        static readonly XrCallbacksDrop drop = Drop;
        static readonly XrAgentTypeCreate create = Create;
        static readonly XrAgentTypeDrop dropType = DropType;

        static readonly IntPtr startPointer = Marshal.GetFunctionPointerForDelegate(start);
        static readonly IntPtr messagePointer = Marshal.GetFunctionPointerForDelegate(message);
        static readonly IntPtr tickPointer = Marshal.GetFunctionPointerForDelegate(tick);
        static readonly IntPtr stopPointer = Marshal.GetFunctionPointerForDelegate(stop);
        static readonly IntPtr hashPointer = Marshal.GetFunctionPointerForDelegate(hash);
        static readonly IntPtr dropPointer = Marshal.GetFunctionPointerForDelegate(drop);
        static readonly IntPtr createPointer = Marshal.GetFunctionPointerForDelegate(create);
        static readonly IntPtr dropTypePointer = Marshal.GetFunctionPointerForDelegate(dropType);

        /// <summary>The functions of an agent. Its object is held from here on, until drop.</summary>
        internal static void Fill(XrAgent agent, XrCallbacks* calls)
        {
            calls->flags = agent.EveryTick ? (uint)Native.XRMESH_CALLBACKS_TICK : 0;
            calls->on_start = startPointer;
            calls->on_message = messagePointer;
            calls->on_tick = tickPointer;
            calls->on_stop = stopPointer;
            calls->hash_state = hashPointer;
            calls->drop = dropPointer;
            calls->user_data = GCHandle.ToIntPtr(GCHandle.Alloc(agent));
        }

        internal static XrAgentType TypeOf(Func<byte[], XrAgent> factory, bool everyTick)
        {
            XrAgentType type = XrAgentType.Default();
            type.flags = everyTick ? (uint)Native.XRMESH_TYPE_TICKS : 0;
            type.create = createPointer;
            type.drop = dropTypePointer;
            type.user_data = GCHandle.ToIntPtr(GCHandle.Alloc(factory));
            return type;
        }

        static XrAgent Of(IntPtr userData) { return (XrAgent)GCHandle.FromIntPtr(userData).Target; }

        /// <summary>What C gets for an exception: the fault that it names, or XRMESH_ERROR_CALLBACK.</summary>
        static int StatusOf(Exception thrown)
        {
            XrLibrary.Report(thrown);
            XrmeshException named = thrown as XrmeshException;
            bool fault = named != null && named.Status <= Native.XRMESH_FAULT_AGENT_DISCONNECT;
            return fault ? named.Status : Native.XRMESH_ERROR_CALLBACK;
        }

        [MonoPInvokeCallback(typeof(XrCallbacksOnStart))]
        static int Start(IntPtr userData, XrContextHandle context)
        {
            try { Of(userData).OnStart(new XrContext(context)); return Native.XRMESH_OK; }
            catch (Exception thrown) { return StatusOf(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrCallbacksOnMessage))]
        static int Message(IntPtr userData, XrContextHandle context, XrMessage* message, byte* payload)
        {
            try
            {
                Of(userData).OnMessage(new XrContext(context), ref *message, new XrPayload(payload, message->payload_len));
                return Native.XRMESH_OK;
            }
            catch (Exception thrown) { return StatusOf(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrCallbacksOnTick))]
        static int Tick(IntPtr userData, XrContextHandle context)
        {
            try { Of(userData).OnTick(new XrContext(context)); return Native.XRMESH_OK; }
            catch (Exception thrown) { return StatusOf(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrCallbacksOnStop))]
        static void Stop(IntPtr userData, XrContextHandle context)
        {
            try { Of(userData).OnStop(new XrContext(context)); }
            catch (Exception thrown) { XrLibrary.Report(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrCallbacksHashState))]
        static ulong Hash(IntPtr userData)
        {
            try { return Of(userData).HashState(); }
            catch (Exception thrown) { XrLibrary.Report(thrown); return 0; }
        }

        [MonoPInvokeCallback(typeof(XrCallbacksDrop))]
        static void Drop(IntPtr userData)
        {
            try
            {
                GCHandle held = GCHandle.FromIntPtr(userData);
                XrAgent agent = (XrAgent)held.Target;
                held.Free();
                agent.OnDropped();
            }
            catch (Exception thrown) { XrLibrary.Report(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrAgentTypeCreate))]
        static int Create(IntPtr userData, byte* bytes, uint length, XrCallbacks* calls)
        {
            try
            {
                byte[] copy = new byte[length];
                if (length > 0) Marshal.Copy((IntPtr)bytes, copy, 0, (int)length);
                XrAgent agent = ((Func<byte[], XrAgent>)GCHandle.FromIntPtr(userData).Target)(copy);
                if (agent == null) return Native.XRMESH_ERROR_CALLBACK;
                Fill(agent, calls);
                return Native.XRMESH_OK;
            }
            catch (Exception thrown) { return StatusOf(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrAgentTypeDrop))]
        static void DropType(IntPtr userData)
        {
            try { GCHandle.FromIntPtr(userData).Free(); }
            catch (Exception thrown) { XrLibrary.Report(thrown); }
        }
    }
}
