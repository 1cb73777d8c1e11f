#include "XrmeshAgentComponent.h"

#include "Engine/World.h"
#include "XrmeshSubsystem.h"

void UXrmeshAgentComponent::BeginPlay()
{
    Super::BeginPlay();
    UWorld* World = GetWorld();
    UXrmeshSubsystem* Found = World == nullptr ? nullptr : World->GetSubsystem<UXrmeshSubsystem>();
    if (Found != nullptr)
    {
        Subsystem = Found;
        Agent = Found->Join(*this);
    }
}

void UXrmeshAgentComponent::EndPlay(const EEndPlayReason::Type EndPlayReason)
{
    if (UXrmeshSubsystem* Found = Subsystem.Get())
    {
        Found->Leave(Agent);
    }
    Agent = 0;
    Super::EndPlay(EndPlayReason);
}

xrmesh_send* UXrmeshAgentComponent::Send(xrmesh_agent_id To, uint16 Kind, TConstArrayView<uint8> Payload)
{
    UXrmeshSubsystem* Found = Subsystem.Get();
    if (Found == nullptr || Agent == 0)
    {
        return nullptr;
    }
    xrmesh_send& One = Found->Send(Kind, Payload);
    One.from = Agent;
    One.target = To;
    return &One;
}
