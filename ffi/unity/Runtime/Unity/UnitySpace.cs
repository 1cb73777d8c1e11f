using UnityEngine;

namespace Xrmesh
{
    /// <summary>
    /// Between the mesh's space (right-handed, Y up, −Z forward, metres) and Unity's (left-handed, Y up, +Z forward,
    /// metres): the mirror M = diag(1, 1, −1), which is its own inverse.
    ///
    /// 1. Positions, directions and linear velocities become M v.
    /// 2. A rotation R becomes M R M. Axes are pseudovectors: a mirror turns them to −M a, so that the quaternion
    ///    (v, w) becomes (−M v, w).
    /// 3. Angular velocities are pseudovectors as well: −M ω.
    /// 4. Half extents have no direction and stay as they are.
    /// </summary>
    public static class UnitySpace
    {
        public static Vector3 PositionToUnity(XrFloat3 v) { return new Vector3(v.x, v.y, -v.z); }

        public static XrFloat3 PositionFromUnity(Vector3 v) { return new XrFloat3(v.x, v.y, -v.z); }

        public static Quaternion RotationToUnity(XrFloat4 q) { return new Quaternion(-q.x, -q.y, q.z, q.w); }

        public static XrFloat4 RotationFromUnity(Quaternion q) { return new XrFloat4(-q.x, -q.y, q.z, q.w); }

        /// <summary>Radians a second in both.</summary>
        public static Vector3 AngularVelocityToUnity(XrFloat3 v) { return new Vector3(-v.x, -v.y, v.z); }

        public static XrFloat3 AngularVelocityFromUnity(Vector3 v) { return new XrFloat3(-v.x, -v.y, v.z); }

        public static Vector3 ExtentsToUnity(XrFloat3 v) { return new Vector3(v.x, v.y, v.z); }

        public static XrFloat3 ExtentsFromUnity(Vector3 v) { return new XrFloat3(v.x, v.y, v.z); }

        public static XrPose PoseFromUnity(Vector3 position, Quaternion rotation)
        {
            XrPose pose;
            pose.position = PositionFromUnity(position);
            pose.orientation = RotationFromUnity(rotation);
            return pose;
        }

        /// <summary>Where a transform is in the world.</summary>
        public static XrPose PoseOf(Transform transform) { return PoseFromUnity(transform.position, transform.rotation); }

        public static void Place(Transform transform, XrPose pose)
        {
            transform.position = PositionToUnity(pose.position);
            transform.rotation = RotationToUnity(pose.orientation);
        }
    }
}
