using System;
using System.Reflection;
using System.Runtime.InteropServices;
using Xrmesh;

/// Runs the part of the tests that is named, in a process of its own; ends with 1 where it fails.
static class Program
{
    static int Main(string[] arguments)
    {
        try
        {
            switch (arguments[0])
            {
                case "layout": Layout.Print(); break;
                case "exports": Exports(); break;
                case "frame": FrameTest.Run(); break;
                case "callbacks": CallbackTest.Run(); break;
                case "parts": PartsTest.Run(); break;
                case "recordings": RecordTest.Run(); break;
                case "memory": MemoryTest.Run(); break;
                case "reloads": ReloadTest.Run(); break;
                case "timing": PollTiming.Run(); break;
                default: throw new Exception("no such test: " + arguments[0]);
            }
            return 0;
        }
        catch (Exception thrown)
        {
            Console.Error.WriteLine(thrown);
            return 1;
        }
    }

    /// Each function that the generated class declares is in the library. Prints their names, to be compared with the
    /// header's.
    static void Exports()
    {
        foreach (MethodInfo method in typeof(Native).GetMethods(BindingFlags.Public | BindingFlags.Static))
        {
            if ((method.Attributes & MethodAttributes.PinvokeImpl) == 0) continue;
            Marshal.Prelink(method);
            foreach (ParameterInfo parameter in method.GetParameters())
                Check.That(Blittable(parameter.ParameterType), method.Name + ": " + parameter);
            Console.WriteLine(method.Name);
        }
    }

    /// Whether a call passes it as it is.
    static bool Blittable(Type type)
    {
        if (type.IsPointer || type == typeof(IntPtr)) return true;
        if (type.IsPrimitive) return type != typeof(bool) && type != typeof(char);
        if (!type.IsValueType || !type.IsLayoutSequential) return false;
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            if (!Blittable(field.FieldType)) return false;
        return true;
    }
}
