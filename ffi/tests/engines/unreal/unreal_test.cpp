// The Unreal plugin against the stand-ins: its converters, and its classes run frame by frame on the library.
#include "Modules/ModuleManager.h"
#include "XrmeshAgentComponent.h"
#include "XrmeshSpace.h"
#include "XrmeshSubsystem.h"

#include <cstdlib>
#include <deque>
#include <random>

IModuleInterface* NewModule();

#define CHECK(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                            \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (0)

namespace {

using namespace XrmeshSpace;

bool near(const FVector& a, const FVector& b, double most = 1e-3)
{
    return std::fabs(a.X - b.X) < most && std::fabs(a.Y - b.Y) < most && std::fabs(a.Z - b.Z) < most;
}

// The mesh's own algebra, right-handed, in doubles.
FVector rotate(const float (&q)[4], const float (&v)[3])
{
    return FQuat(q[0], q[1], q[2], q[3]).RotateVector(FVector(v[0], v[1], v[2]));
}

// M v for a vector in doubles.
FVector mirrored(const FVector& v) { return {-v.Z, v.X, v.Y}; }

void converters()
{
    const float forward[3] = {0, 0, -1}, up[3] = {0, 1, 0}, right[3] = {1, 0, 0};
    CHECK(near(PositionToUnreal(forward), {100, 0, 0}));
    CHECK(near(PositionToUnreal(up), {0, 0, 100}));
    CHECK(near(PositionToUnreal(right), {0, 100, 0}));
    CHECK(near(PositionToUnreal(forward, {1e9, 2, 3}), {1e9 + 100, 2, 3}));
    // A quarter turn to the left about the upward axis takes forward to left, in both spaces.
    const float half = std::sqrt(0.5f), left[4] = {0, half, 0, half};
    CHECK(near(RotationToUnreal(left).RotateVector({1, 0, 0}), {0, -1, 0}, 1e-6));
    const float box[3] = {1, 2, 3};
    CHECK(near(ExtentsToUnreal(box), {300, 100, 200}));

    std::mt19937 random(20261122);
    std::uniform_real_distribution<float> any(-10, 10);
    for (int i = 0; i < 1000; ++i) {
        const float v[3] = {any(random), any(random), any(random)}, w[3] = {any(random), any(random), any(random)};
        float q[4] = {any(random), any(random), any(random), any(random)};
        const float length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        for (float& one : q)
            one /= length;
        // Converted and then turned is turned and then converted.
        CHECK(near(RotationToUnreal(q).RotateVector(PositionToUnreal(v)), mirrored(rotate(q, v)) * 100));
        // The velocity ω × r of a point of a turning body, computed on either side.
        const FVector cross =
            FVector::CrossProduct(FVector(w[0], w[1], w[2]), FVector(v[0], v[1], v[2]));
        CHECK(near(FVector::CrossProduct(AngularVelocityToUnreal(w), PositionToUnreal(v)), mirrored(cross) * 100));
        const FVector extents = ExtentsToUnreal({std::fabs(v[0]), std::fabs(v[1]), std::fabs(v[2])});
        CHECK(extents.X >= 0 && extents.Y >= 0 && extents.Z >= 0);
        CHECK(near(extents, FVector(std::fabs(v[2]), std::fabs(v[0]), std::fabs(v[1])) * 100));
        // Round trips give the same floats.
        float back[3], turned[4];
        PositionFromUnreal(PositionToUnreal(v), back);
        CHECK(back[0] == v[0] && back[1] == v[1] && back[2] == v[2]);
        DirectionFromUnreal(DirectionToUnreal(v), back);
        CHECK(back[0] == v[0] && back[1] == v[1] && back[2] == v[2]);
        VelocityFromUnreal(VelocityToUnreal(v), back);
        CHECK(back[0] == v[0] && back[1] == v[1] && back[2] == v[2]);
        AngularVelocityFromUnreal(AngularVelocityToUnreal(v), back);
        CHECK(back[0] == v[0] && back[1] == v[1] && back[2] == v[2]);
        ExtentsFromUnreal(ExtentsToUnreal(v), back);
        CHECK(back[0] == v[0] && back[1] == v[1] && back[2] == v[2]);
        RotationFromUnreal(RotationToUnreal(q), turned);
        CHECK(turned[0] == q[0] && turned[1] == q[1] && turned[2] == q[2] && turned[3] == q[3]);
    }
}

void frames()
{
    UXrmeshSubsystem subsystem;
    FSubsystemCollectionBase collection;
    CHECK(subsystem.DoesSupportWorldType(EWorldType::PIE) && !subsystem.DoesSupportWorldType(EWorldType::Editor));
    subsystem.BudgetNs = 0;
    subsystem.OriginCm = FVector(5e6, 0, 0); // 50 km away
    subsystem.Initialize(collection);
    CHECK(subsystem.bInitialized);
    UWorld world;
    world.Subsystem = &subsystem;
    std::deque<AActor> actors(50);
    std::deque<UXrmeshAgentComponent> components(50);
    int received = 0, answered = 0;
    for (int i = 0; i < 50; ++i) {
        actors[i].Transform = FTransform(FQuat(), FVector(5e6 + 100 * i, 0, 0));
        UXrmeshAgentComponent& one = components[i];
        one.Owner = &actors[i];
        one.World = &world;
        one.Topics.Add("all");
        one.OnReceived.AddLambda([&](const xrmesh_message& message, TConstArrayView<uint8> bytes) {
            if (message.from != 0) {
                ++answered;
                return;
            }
            CHECK(bytes.Num() == 3 && bytes[2] == 9);
            ++received;
            one.Send(components[0].GetAgent(), XRMESH_KIND_USER + 1);
        });
        one.BeginPlay();
        CHECK(one.GetAgent() != 0);
    }
    xrmesh_topic_id topic = 0;
    CHECK(xrmesh_topic("all", 3, &topic) == XRMESH_OK);
    const uint8 bytes[3] = {7, 8, 9};
    for (int frame = 0; frame < 120; ++frame) {
        actors[49].Transform = FTransform(FQuat(), FVector(5e6 + frame, 0, 250));
        xrmesh_send& send = subsystem.Send(XRMESH_KIND_USER, TConstArrayView<uint8>(bytes, 3));
        send.to = XRMESH_TO_TOPIC;
        send.target = topic;
        subsystem.Tick(1.0f / 90.0f);
    }
    CHECK(received == 120 * 50);
    CHECK(answered >= 118 * 50); // those of the last frame are still on their way
    FTransform where;
    CHECK(subsystem.PoseOf(components[49].GetAgent(), where));
    CHECK(near(where.GetLocation(), {5e6 + 119, 0, 250}));
    // A message larger than the inbox.
    const std::vector<uint8> large(60000, 1);
    CHECK(components[1].Send(components[2].GetAgent(), XRMESH_KIND_USER,
                             TConstArrayView<uint8>(large.data(), int32(large.size()))) != nullptr);
    const int before = answered;
    for (int frame = 0; frame < 3; ++frame)
        subsystem.Tick(1.0f / 90.0f);
    CHECK(answered > before && LoggedErrors == 0);
    for (auto& one : components)
        one.EndPlay(EEndPlayReason::Quit);
    CHECK(components[0].GetAgent() == 0 && components[0].Send(1, XRMESH_KIND_USER) == nullptr);
    subsystem.Tick(1.0f / 90.0f);
    subsystem.Deinitialize();
    CHECK(subsystem.GetMesh().bits == 0 && LoggedErrors == 0);
}

} // namespace

int main()
{
    IModuleInterface* module = NewModule();
    module->StartupModule();
    converters();
    frames();
    module->ShutdownModule();
    delete module;
    return 0;
}
