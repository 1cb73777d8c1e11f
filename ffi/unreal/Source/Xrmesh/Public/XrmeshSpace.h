#pragma once

#include "CoreMinimal.h"
#include "XrmeshLibrary.h"

/**
 * Between the mesh's space (right-handed, Y up, −Z forward, metres, floats) and Unreal's (left-handed, X forward, Y
 * right, Z up, centimetres, doubles): X = −z, Y = x, Z = y, which mirrors.
 *
 * 1. Positions and linear velocities are permuted and scaled, directions only permuted: M v.
 * 2. A rotation R becomes M R Mᵀ. Axes are pseudovectors: a mirror turns them to −M a, so that the quaternion (v, w)
 *    becomes (−M v, w).
 * 3. Angular velocities are pseudovectors as well, and radians have no length: −M ω.
 * 4. Half extents are permuted and scaled, without a sign.
 * 5. The mesh's origin may lie anywhere in the world: positions take it in centimetres, as doubles, so that floats
 *    count from a place nearby.
 *
 * From floats and back gives the same floats, where the origin is zero.
 */
namespace XrmeshSpace
{
constexpr double CentimetresPerMetre = 100.0;

inline FVector DirectionToUnreal(const float (&V)[3])
{
    return FVector(-double(V[2]), double(V[0]), double(V[1]));
}

inline void DirectionFromUnreal(const FVector& V, float (&Out)[3])
{
    Out[0] = float(V.Y);
    Out[1] = float(V.Z);
    Out[2] = -float(V.X);
}

inline FVector PositionToUnreal(const float (&V)[3], const FVector& OriginCm = FVector(0.0, 0.0, 0.0))
{
    return DirectionToUnreal(V) * CentimetresPerMetre + OriginCm;
}

inline void PositionFromUnreal(const FVector& V, float (&Out)[3], const FVector& OriginCm = FVector(0.0, 0.0, 0.0))
{
    DirectionFromUnreal((V - OriginCm) / CentimetresPerMetre, Out);
}

/** Metres a second to centimetres a second. */
inline FVector VelocityToUnreal(const float (&V)[3]) { return PositionToUnreal(V); }
inline void VelocityFromUnreal(const FVector& V, float (&Out)[3]) { PositionFromUnreal(V, Out); }

inline FQuat RotationToUnreal(const float (&Q)[4])
{
    return FQuat(double(Q[2]), -double(Q[0]), -double(Q[1]), double(Q[3]));
}

inline void RotationFromUnreal(const FQuat& Q, float (&Out)[4])
{
    Out[0] = -float(Q.Y);
    Out[1] = -float(Q.Z);
    Out[2] = float(Q.X);
    Out[3] = float(Q.W);
}

/** Radians a second in both. */
inline FVector AngularVelocityToUnreal(const float (&V)[3])
{
    return FVector(double(V[2]), -double(V[0]), -double(V[1]));
}

inline void AngularVelocityFromUnreal(const FVector& V, float (&Out)[3])
{
    Out[0] = -float(V.Y);
    Out[1] = -float(V.Z);
    Out[2] = float(V.X);
}

inline FVector ExtentsToUnreal(const float (&V)[3])
{
    return FVector(double(V[2]), double(V[0]), double(V[1])) * CentimetresPerMetre;
}

inline void ExtentsFromUnreal(const FVector& V, float (&Out)[3])
{
    Out[0] = float(V.Y / CentimetresPerMetre);
    Out[1] = float(V.Z / CentimetresPerMetre);
    Out[2] = float(V.X / CentimetresPerMetre);
}

inline FTransform PoseToUnreal(const xrmesh_pose& Pose, const FVector& OriginCm = FVector(0.0, 0.0, 0.0))
{
    return FTransform(RotationToUnreal(Pose.orientation), PositionToUnreal(Pose.position, OriginCm));
}

inline xrmesh_pose PoseFromUnreal(const FTransform& Transform, const FVector& OriginCm = FVector(0.0, 0.0, 0.0))
{
    xrmesh_pose Pose;
    PositionFromUnreal(Transform.GetLocation(), Pose.position, OriginCm);
    RotationFromUnreal(Transform.GetRotation(), Pose.orientation);
    return Pose;
}
} // namespace XrmeshSpace
