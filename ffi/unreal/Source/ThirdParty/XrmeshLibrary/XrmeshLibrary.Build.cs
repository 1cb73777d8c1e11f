using System.IO;
using UnrealBuildTool;

/// The library itself, built outside of Unreal: ffi/stage.sh puts headers and libraries beside this file.
public class XrmeshLibrary : ModuleRules
{
    public XrmeshLibrary(ReadOnlyTargetRules Target) : base(Target)
    {
        Type = ModuleType.External;
        PublicSystemIncludePaths.Add(Path.Combine(ModuleDirectory, "include"));

        if (Target.Platform == UnrealTargetPlatform.Win64)
        {
            PublicAdditionalLibraries.Add(There("Win64", "xrmesh.dll.lib"));
            PublicDelayLoadDLLs.Add("xrmesh.dll");
            RuntimeDependencies.Add("$(TargetOutputDir)/xrmesh.dll", There("Win64", "xrmesh.dll"));
        }
        else if (Target.Platform == UnrealTargetPlatform.Linux)
        {
            // The program looks for the SONAME, and finds it beside itself.
            PublicAdditionalLibraries.Add(There("Linux", "libxrmesh.so"));
            PublicRuntimeLibraryPaths.Add(Path.Combine(ModuleDirectory, "lib", "Linux"));
            RuntimeDependencies.Add("$(TargetOutputDir)/libxrmesh.so.0", There("Linux", "libxrmesh.so.0"));
        }
        else if (Target.Platform == UnrealTargetPlatform.Mac)
        {
            PublicAdditionalLibraries.Add(There("Mac", "libxrmesh.dylib"));
            RuntimeDependencies.Add("$(TargetOutputDir)/libxrmesh.dylib", There("Mac", "libxrmesh.dylib"));
        }
        else if (Target.Platform == UnrealTargetPlatform.Android)
        {
            PublicAdditionalLibraries.Add(There("Android", "libxrmesh.a"));
        }
        else if (Target.Platform == UnrealTargetPlatform.IOS)
        {
            PublicAdditionalLibraries.Add(There("IOS", "libxrmesh.a"));
        }
        else
        {
            throw new BuildException("xrmesh: no library for {0}", Target.Platform);
        }
    }

    string There(string Platform, string Name)
    {
        string Place = Path.Combine(ModuleDirectory, "lib", Platform, Name);
        if (!File.Exists(Place))
        {
            throw new BuildException("xrmesh: {0} is missing; ffi/stage.sh unreal puts it there", Place);
        }
        return Place;
    }
}
