using System;
using System.Runtime.CompilerServices;

/// The few words that the tests are written in.
static class Check
{
    public static void That(bool what, string text, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (!what) throw new Exception(file + ":" + line + ": " + text);
    }

    public static void Same<T>(T given, T expected, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (!given.Equals(expected)) throw new Exception(file + ":" + line + ": is " + given + ", expected " + expected);
    }

    public static int Throws(Action call, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        try { call(); }
        catch (Xrmesh.XrmeshException thrown) { return thrown.Status; }
        throw new Exception(file + ":" + line + ": did not throw");
    }

    /// A message as it was added: mcs takes no call that returns a reference as a statement.
    public static void Plain(ref Xrmesh.XrSend added) { }
}
