using UnrealBuildTool;

public class Xrmesh : ModuleRules
{
    public Xrmesh(ReadOnlyTargetRules Target) : base(Target)
    {
        PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
        PublicDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine", "XrmeshLibrary" });
    }
}
