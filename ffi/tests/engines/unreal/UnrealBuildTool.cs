// Stand-ins for what the plugin's build rules use of Unreal's build tool, written for the tests.
using System.Collections.Generic;

namespace UnrealBuildTool
{
    public sealed class BuildException : System.Exception
    {
        public BuildException(string text, params object[] values) : base(string.Format(text, values)) { }
    }

    public enum UnrealTargetPlatform { Win64, Linux, Mac, Android, IOS, Other }

    public sealed class ReadOnlyTargetRules
    {
        public UnrealTargetPlatform Platform;
    }

    public sealed class Dependencies : Dictionary<string, string> { }

    public class ModuleRules
    {
        public enum ModuleType { CPlusPlus, External }
        public enum PCHUsageMode { UseExplicitOrSharedPCHs }

        public static string Folder;
        public string ModuleDirectory { get { return Folder; } }
        public ModuleType Type;
        public PCHUsageMode PCHUsage;
        public List<string> PublicSystemIncludePaths = new List<string>(), PublicAdditionalLibraries = new List<string>(),
            PublicDelayLoadDLLs = new List<string>(), PublicRuntimeLibraryPaths = new List<string>(),
            PublicDependencyModuleNames = new List<string>();
        public Dependencies RuntimeDependencies = new Dependencies();
        public ModuleRules(ReadOnlyTargetRules target) { }
    }
}

/// Applies the rules to a staged plugin, on each platform: where a library is missing they must say so.
static class Rules
{
    static int Main(string[] arguments)
    {
        UnrealBuildTool.ModuleRules.Folder = arguments[0];
        var target = new UnrealBuildTool.ReadOnlyTargetRules();
        foreach (UnrealBuildTool.UnrealTargetPlatform platform in System.Enum.GetValues(typeof(UnrealBuildTool.UnrealTargetPlatform)))
        {
            target.Platform = platform;
            bool refused = false;
            try
            {
                var rules = new XrmeshLibrary(target);
                if (!System.IO.File.Exists(rules.PublicSystemIncludePaths[0] + "/xrmesh.h")) return 1;
                if (rules.Type != UnrealBuildTool.ModuleRules.ModuleType.External) return 2;
            }
            catch (UnrealBuildTool.BuildException) { refused = true; }
            if (refused != (platform != UnrealBuildTool.UnrealTargetPlatform.Linux)) return 3;
        }
        return new Xrmesh(target).PublicDependencyModuleNames.Contains("XrmeshLibrary") ? 0 : 4;
    }
}
