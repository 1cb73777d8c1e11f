#pragma once
#include "CoreMinimal.h"
namespace EWorldType
{
enum Type { None, Game, Editor, PIE };
}
class FSubsystemCollectionBase
{
};
class UTickableWorldSubsystem
{
public:
    using Super = UTickableWorldSubsystem;
    virtual ~UTickableWorldSubsystem() = default;
    virtual bool DoesSupportWorldType(const EWorldType::Type) const { return true; }
    virtual void Initialize(FSubsystemCollectionBase&) { bInitialized = true; }
    virtual void Deinitialize() { bInitialized = false; }
    virtual void Tick(float) {}
    virtual TStatId GetStatId() const = 0;
    bool bInitialized = false;
};
