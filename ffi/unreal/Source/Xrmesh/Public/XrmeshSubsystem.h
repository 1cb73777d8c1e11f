#pragma once

#include "CoreMinimal.h"
#include "Subsystems/WorldSubsystem.h"
#include "XrmeshLibrary.h"

#include "XrmeshSubsystem.generated.h"

class UXrmeshAgentComponent;

/**
 * A world's mesh. Once a frame it says where the components' actors are, sends what was put in, ticks, and hands each
 * component its messages. On the game thread, and without a thread of its own.
 */
UCLASS(Config = Game)
class XRMESH_API UXrmeshSubsystem : public UTickableWorldSubsystem
{
    GENERATED_BODY()

public:
    /** Nanoseconds that a tick may take, from 20,000 on; 0 for no limit. */
    UPROPERTY(Config)
    int64 BudgetNs = 1000000;

    /** Where the mesh's origin lies in the world, in centimetres. */
    UPROPERTY(Config)
    FVector OriginCm = FVector(0.0, 0.0, 0.0);

    /** The mesh, for whatever this class does not offer. */
    xrmesh_mesh GetMesh() const { return Mesh; }

    /** The mesh's time. */
    int64 GetNowNs() const { return NowNs; }

    /** Puts a message in for the next frame, and gives it to have its fields set before the next is put in. */
    xrmesh_send& Send(uint16 Kind, TConstArrayView<uint8> Payload = TConstArrayView<uint8>());

    /** Where an agent is; false if it has no pose. */
    bool PoseOf(xrmesh_agent_id Agent, FTransform& Out) const;

    virtual bool DoesSupportWorldType(const EWorldType::Type WorldType) const override;
    virtual void Initialize(FSubsystemCollectionBase& Collection) override;
    virtual void Deinitialize() override;
    virtual void Tick(float DeltaTime) override;
    virtual TStatId GetStatId() const override;

private:
    friend class UXrmeshAgentComponent;
    xrmesh_agent_id Join(UXrmeshAgentComponent& Component);
    void Leave(xrmesh_agent_id Agent);

    void SayWhereActorsAre();
    void Submit();
    void Poll();

    xrmesh_mesh Mesh{};
    int64 NowNs = 0;
    TMap<uint64, TWeakObjectPtr<UXrmeshAgentComponent>> Components;
    TArray<xrmesh_agent_id> Moved;
    TArray<xrmesh_pose> Poses;
    TArray<xrmesh_send> Sends;
    TArray<uint8> SendPayload;
    TArray<xrmesh_message> Messages;
    TArray<uint64> Payload;
};
