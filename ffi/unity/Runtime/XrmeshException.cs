using System;

namespace Xrmesh
{
    /// <summary>A call that failed. A handler may throw one with an XRMESH_FAULT_* to say how it failed.</summary>
    public sealed class XrmeshException : Exception
    {
        /// <summary>XRMESH_ERROR_* or XRMESH_FAULT_*.</summary>
        public readonly int Status;

        public XrmeshException(int status, string text) : base(text) { Status = status; }

        /// <summary>Gives a status of 0 and above back; below, throws it with the library's text.</summary>
        public static int Check(int status)
        {
            return status < 0 ? throw new XrmeshException(status, XrLibrary.LastError()) : status;
        }
    }
}
