#pragma once

#include "Components/ActorComponent.h"
#include "CoreMinimal.h"
#include "XrmeshLibrary.h"

#include "XrmeshAgentComponent.generated.h"

class UXrmeshSubsystem;

/** A message and its bytes, valid until the call returns. */
DECLARE_MULTICAST_DELEGATE_TwoParams(FXrmeshReceived, const xrmesh_message&, TConstArrayView<uint8>);

/** An actor that is an agent of its world's mesh, from BeginPlay to EndPlay. */
UCLASS(ClassGroup = (Xrmesh), meta = (BlueprintSpawnableComponent))
class XRMESH_API UXrmeshAgentComponent : public UActorComponent
{
    GENERATED_BODY()

public:
    /** What it listens to. */
    UPROPERTY(EditAnywhere, Category = "xrmesh")
    TArray<FString> Topics;

    /** Whether the mesh is told every frame where the actor is. */
    UPROPERTY(EditAnywhere, Category = "xrmesh")
    bool bFollows = true;

    /** Called for each message, on the game thread. */
    FXrmeshReceived OnReceived;

    /** Its agent's id; 0 while it does not play. */
    xrmesh_agent_id GetAgent() const { return Agent; }

    /** Puts a message of this agent to another in for the next frame; null while it does not play. */
    xrmesh_send* Send(xrmesh_agent_id To, uint16 Kind, TConstArrayView<uint8> Payload = TConstArrayView<uint8>());

    virtual void BeginPlay() override;
    virtual void EndPlay(const EEndPlayReason::Type EndPlayReason) override;

private:
    TWeakObjectPtr<UXrmeshSubsystem> Subsystem;
    xrmesh_agent_id Agent = 0;
};
