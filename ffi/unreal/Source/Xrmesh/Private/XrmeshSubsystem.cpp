#include "XrmeshSubsystem.h"

#include "GameFramework/Actor.h"
#include "XrmeshAgentComponent.h"
#include "XrmeshLog.h"
#include "XrmeshSpace.h"

namespace
{
constexpr int32 InboxMessages = 1024;
constexpr int32 InboxWords = 64 * 1024; // of 8 bytes
} // namespace

bool UXrmeshSubsystem::DoesSupportWorldType(const EWorldType::Type WorldType) const
{
    return WorldType == EWorldType::Game || WorldType == EWorldType::PIE;
}

void UXrmeshSubsystem::Initialize(FSubsystemCollectionBase& Collection)
{
    Super::Initialize(Collection);
    xrmesh_mesh_options Options;
    xrmesh_mesh_options_default(&Options);
    Options.abi_version = XRMESH_ABI_VERSION;
    Options.worker_threads = 0;
    XrmeshOk(xrmesh_mesh_create(&Options, &Mesh), TEXT("mesh"));
    Messages.SetNumUninitialized(InboxMessages);
    Payload.SetNumUninitialized(InboxWords);
}

void UXrmeshSubsystem::Deinitialize()
{
    if (Mesh.bits != 0)
    {
        xrmesh_mesh_destroy(Mesh);
    }
    Mesh.bits = 0;
    Components.Empty();
    Super::Deinitialize();
}

TStatId UXrmeshSubsystem::GetStatId() const
{
    RETURN_QUICK_DECLARE_CYCLE_STAT(UXrmeshSubsystem, STATGROUP_Tickables);
}

xrmesh_agent_id UXrmeshSubsystem::Join(UXrmeshAgentComponent& Component)
{
    xrmesh_spawn_options Options;
    xrmesh_spawn_options_default(&Options);
    Options.flags = XRMESH_SPAWN_POSE;
    Options.pose = XrmeshSpace::PoseFromUnreal(Component.GetOwner()->GetActorTransform(), OriginCm);
    xrmesh_agent_id Agent = 0;
    if (!XrmeshOk(xrmesh_mesh_spawn(Mesh, &Options, &Agent), TEXT("spawn")))
    {
        return 0;
    }
    Components.Add(Agent, &Component);
    for (const FString& Topic : Component.Topics)
    {
        const FTCHARToUTF8 Name(*Topic);
        XrmeshOk(xrmesh_mesh_subscribe(Mesh, Agent, reinterpret_cast<const char*>(Name.Get()), uint32(Name.Length()),
                                       nullptr, nullptr),
                 TEXT("subscribe"));
    }
    return Agent;
}

void UXrmeshSubsystem::Leave(xrmesh_agent_id Agent)
{
    if (Components.Remove(Agent) > 0 && Mesh.bits != 0)
    {
        XrmeshOk(xrmesh_mesh_despawn(Mesh, Agent), TEXT("despawn"));
    }
}

xrmesh_send& UXrmeshSubsystem::Send(uint16 Kind, TConstArrayView<uint8> Bytes)
{
    xrmesh_send One;
    xrmesh_send_default(&One);
    One.kind = Kind;
    One.payload_offset = uint32(SendPayload.Num());
    One.payload_len = uint32(Bytes.Num());
    SendPayload.Append(Bytes.GetData(), Bytes.Num());
    Sends.Add(One);
    return Sends.Last();
}

bool UXrmeshSubsystem::PoseOf(xrmesh_agent_id Agent, FTransform& Out) const
{
    xrmesh_pose Pose;
    if (xrmesh_mesh_pose_of(Mesh, Agent, &Pose) != XRMESH_OK)
    {
        return false;
    }
    Out = XrmeshSpace::PoseToUnreal(Pose, OriginCm);
    return true;
}

void UXrmeshSubsystem::Tick(float DeltaTime)
{
    Super::Tick(DeltaTime);
    if (Mesh.bits == 0)
    {
        return;
    }
    SayWhereActorsAre();
    Submit();
    NowNs += int64(double(DeltaTime) * 1e9);
    if (BudgetNs > 0)
    {
        XrmeshOk(xrmesh_mesh_tick_timed(Mesh, NowNs, uint64(BudgetNs), nullptr), TEXT("tick"));
    }
    else
    {
        XrmeshOk(xrmesh_mesh_tick(Mesh, NowNs, XRMESH_UNLIMITED, nullptr), TEXT("tick"));
    }
    Poll();
}

void UXrmeshSubsystem::SayWhereActorsAre()
{
    Moved.Reset();
    Poses.Reset();
    for (const auto& One : Components)
    {
        const UXrmeshAgentComponent* Component = One.Value.Get();
        if (Component != nullptr && Component->bFollows)
        {
            Moved.Add(One.Key);
            Poses.Add(XrmeshSpace::PoseFromUnreal(Component->GetOwner()->GetActorTransform(), OriginCm));
        }
    }
    if (Moved.Num() > 0)
    {
        XrmeshOk(xrmesh_mesh_move_many(Mesh, Moved.GetData(), Poses.GetData(), uint32(Moved.Num()), nullptr),
                 TEXT("move"));
    }
}

void UXrmeshSubsystem::Submit()
{
    if (Sends.Num() > 0)
    {
        xrmesh_submit_result Result;
        XrmeshOk(xrmesh_mesh_submit(Mesh, Sends.GetData(), uint32(Sends.Num()), SendPayload.GetData(),
                                    uint32(SendPayload.Num()), nullptr, &Result),
                 TEXT("submit"));
    }
    // Also where a message was refused: it would be refused again in every frame.
    Sends.Reset();
    SendPayload.Reset();
}

void UXrmeshSubsystem::Poll()
{
    for (;;)
    {
        xrmesh_poll_result Got{};
        const xrmesh_status Status =
            xrmesh_mesh_poll(Mesh, Messages.GetData(), uint32(Messages.Num()), reinterpret_cast<uint8*>(Payload.GetData()),
                             uint32(Payload.Num()) * 8u, &Got);
        if (Status == XRMESH_ERROR_BUFFER_TOO_SMALL)
        {
            Payload.SetNumUninitialized(int32((Got.needed + 7u) / 8u));
            continue;
        }
        if (!XrmeshOk(Status, TEXT("poll")))
        {
            return;
        }
        const uint8* Bytes = reinterpret_cast<const uint8*>(Payload.GetData());
        for (uint32 i = 0; i < Got.message_count; ++i)
        {
            const xrmesh_message& Message = Messages[int32(i)];
            const auto* Found = Components.Find(Message.to);
            if (UXrmeshAgentComponent* Component = Found == nullptr ? nullptr : Found->Get())
            {
                Component->OnReceived.Broadcast(
                    Message, TConstArrayView<uint8>(Bytes + Message.payload_offset, int32(Message.payload_len)));
            }
        }
        if (Status != XRMESH_MORE)
        {
            return;
        }
    }
}
