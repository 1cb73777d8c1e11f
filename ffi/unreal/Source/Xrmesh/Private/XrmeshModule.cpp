#include "Modules/ModuleManager.h"
#include "XrmeshLibrary.h"
#include "XrmeshLog.h"

DEFINE_LOG_CATEGORY(LogXrmesh);

/** Refuses a library of another interface, and leaves nothing of it behind when the module is unloaded. */
class FXrmeshModule : public IModuleInterface
{
public:
    virtual void StartupModule() override
    {
        if (xrmesh_abi_version() != XRMESH_ABI_VERSION)
        {
            UE_LOG(LogXrmesh, Error, TEXT("the library's interface is %u, this module's %u"),
                   unsigned(xrmesh_abi_version()), unsigned(XRMESH_ABI_VERSION));
        }
    }

    virtual void ShutdownModule() override { xrmesh_shutdown_all(nullptr); }
};

IMPLEMENT_MODULE(FXrmeshModule, Xrmesh)
