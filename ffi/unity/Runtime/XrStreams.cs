using System;
using System.IO;
using System.Runtime.InteropServices;
#if UNITY_5_3_OR_NEWER
using AOT;
#endif

namespace Xrmesh
{
    /// <summary>A stream that the library writes a recording to or reads one from, and the array between them.</summary>
    sealed class XrStream
    {
        internal readonly Stream Stream;
        byte[] between = new byte[0];

        internal XrStream(Stream stream) { Stream = stream; }

        internal byte[] Between(uint bytes)
        {
            if (between.Length < bytes) between = new byte[Math.Max((int)bytes, 2 * between.Length)];
            return between;
        }
    }

    /// <summary>
    /// The functions that C calls for streams, as for agents: delegates that live as long as the class, objects that are
    /// held by a GCHandle until their drop, exceptions that stay on this side.
    /// </summary>
    static unsafe class StreamTrampolines
    {
        static readonly XrWriterWrite write = Write;
        static readonly XrWriterFlush flush = Flush;
        static readonly XrReaderRead read = Read;
        static readonly XrWriterDrop drop = Drop;

        static readonly IntPtr writePointer = Marshal.GetFunctionPointerForDelegate(write);
        static readonly IntPtr flushPointer = Marshal.GetFunctionPointerForDelegate(flush);
        static readonly IntPtr readPointer = Marshal.GetFunctionPointerForDelegate(read);
        static readonly IntPtr dropPointer = Marshal.GetFunctionPointerForDelegate(drop);

        internal static XrWriter WriterTo(Stream stream)
        {
            XrWriter writer = XrWriter.Default();
            writer.write = writePointer;
            writer.flush = flushPointer;
            writer.drop = dropPointer;
            writer.user_data = GCHandle.ToIntPtr(GCHandle.Alloc(new XrStream(stream)));
            return writer;
        }

        internal static XrReader ReaderOf(Stream stream)
        {
            XrReader reader = XrReader.Default();
            reader.read = readPointer;
            reader.drop = dropPointer;
            reader.user_data = GCHandle.ToIntPtr(GCHandle.Alloc(new XrStream(stream)));
            return reader;
        }

        static XrStream Of(IntPtr userData) { return (XrStream)GCHandle.FromIntPtr(userData).Target; }

        static int Failed(Exception thrown)
        {
            XrLibrary.Report(thrown);
            return Native.XRMESH_ERROR_CALLBACK;
        }

        [MonoPInvokeCallback(typeof(XrWriterWrite))]
        static int Write(IntPtr userData, byte* bytes, uint length, uint* taken)
        {
            try
            {
                XrStream to = Of(userData);
                uint part = Math.Min(length, 1u << 16);
                byte[] between = to.Between(part);
                Marshal.Copy((IntPtr)bytes, between, 0, (int)part);
                to.Stream.Write(between, 0, (int)part);
                *taken = part;
                return Native.XRMESH_OK;
            }
            catch (Exception thrown) { return Failed(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrWriterFlush))]
        static int Flush(IntPtr userData)
        {
            try { Of(userData).Stream.Flush(); return Native.XRMESH_OK; }
            catch (Exception thrown) { return Failed(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrReaderRead))]
        static int Read(IntPtr userData, byte* bytes, uint capacity, uint* given)
        {
            try
            {
                XrStream from = Of(userData);
                uint part = Math.Min(capacity, 1u << 16);
                byte[] between = from.Between(part);
                int count = from.Stream.Read(between, 0, (int)part);
                Marshal.Copy(between, 0, (IntPtr)bytes, count);
                *given = (uint)count;
                return Native.XRMESH_OK;
            }
            catch (Exception thrown) { return Failed(thrown); }
        }

        [MonoPInvokeCallback(typeof(XrWriterDrop))]
        static void Drop(IntPtr userData)
        {
            try
            {
                GCHandle held = GCHandle.FromIntPtr(userData);
                XrStream stream = (XrStream)held.Target;
                held.Free();
                stream.Stream.Dispose();
            }
            catch (Exception thrown) { XrLibrary.Report(thrown); }
        }
    }
}
