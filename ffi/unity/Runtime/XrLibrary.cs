using System;
using System.Text;

namespace Xrmesh
{
    /// <summary>
    /// The library as a whole: its version, its log, its end. All that this domain made is destroyed when the
    /// domain is unloaded (as an editor does whenever scripts change), before its code and objects go.
    /// </summary>
    public static unsafe class XrLibrary
    {
        /// <summary>Gets what a handler threw, on the thread it ran on; it must not throw itself.</summary>
        public static event Action<Exception> CallbackFailed;

        static XrLibrary()
        {
            uint version = Native.xrmesh_abi_version();
            if (version != Native.XRMESH_ABI_VERSION)
                throw new XrmeshException(Native.XRMESH_ERROR_ABI_VERSION,
                    "the library's interface is " + version + ", this code's " + Native.XRMESH_ABI_VERSION);
            AppDomain.CurrentDomain.DomainUnload += EndOfDomain;
            AppDomain.CurrentDomain.ProcessExit += EndOfDomain;
        }

        /// <summary>Runs the checks above and asks to be told of the domain's end, once.</summary>
        internal static void Prepare() { }

        static void EndOfDomain(object sender, EventArgs arguments) { Native.xrmesh_shutdown_all(null); }

        /// <summary>
        /// Destroys everything that has a handle, of whatever part of the process, and waits for all threads of the
        /// library. Gives how many there were.
        /// </summary>
        public static int ShutdownAll()
        {
            uint count;
            XrmeshException.Check(Native.xrmesh_shutdown_all(&count));
            return (int)count;
        }

        public static string Version
        {
            get
            {
                byte* text = Native.xrmesh_version();
                return Text(text, Length(text));
            }
        }

        /// <summary>The name of a status, such as XRMESH_ERROR_BUSY.</summary>
        public static string StatusName(int status)
        {
            byte* text = Native.xrmesh_status_name(status);
            return Text(text, Length(text));
        }

        /// <summary>The text of this thread's last error.</summary>
        public static string LastError()
        {
            const int Longest = 1024;
            byte* text = stackalloc byte[Longest];
            uint length;
            Native.xrmesh_last_error(text, Longest, &length);
            return Text(text, Math.Min((int)length, Longest));
        }

        /// <summary>The id of the topic of that name.</summary>
        public static ulong Topic(string name)
        {
            byte[] bytes = Bytes(name);
            ulong topic;
            fixed (byte* first = bytes) XrmeshException.Check(Native.xrmesh_topic(first, (uint)bytes.Length, &topic));
            return topic;
        }

        /// <summary>Takes the log's oldest line; false if there is none.</summary>
        public static bool TakeLog(out int level, out string line)
        {
            const int Longest = 512;
            byte* text = stackalloc byte[Longest];
            XrLogRecord record;
            int status = XrmeshException.Check(Native.xrmesh_log_take(&record, text, Longest));
            bool any = status != Native.XRMESH_NONE;
            level = any ? (int)record.level : 0;
            line = any ? Text(text, (int)record.text_len) : null;
            return any;
        }

        internal static byte[] Bytes(string text) { return Encoding.UTF8.GetBytes(text); }

        internal static void Report(Exception thrown)
        {
            try
            {
                Action<Exception> failed = CallbackFailed;
                if (failed != null) failed(thrown);
            }
            catch (Exception)
            {
                // Whatever a listener throws must not reach the library's frames.
            }
        }

        static int Length(byte* text)
        {
            int length = 0;
            while (text[length] != 0) length++;
            return length;
        }

        static string Text(byte* text, int length) { return length == 0 ? "" : Encoding.UTF8.GetString(text, length); }
    }
}
