#pragma once
#include "CoreMinimal.h"
#include "Engine/World.h"
#include "GameFramework/Actor.h"
namespace EEndPlayReason
{
enum Type { Destroyed, Quit };
}
class UActorComponent
{
public:
    using Super = UActorComponent;
    virtual ~UActorComponent() = default;
    virtual void BeginPlay() {}
    virtual void EndPlay(const EEndPlayReason::Type) {}
    AActor* GetOwner() const { return Owner; }
    UWorld* GetWorld() const { return World; }
    AActor* Owner = nullptr;
    UWorld* World = nullptr;
};
