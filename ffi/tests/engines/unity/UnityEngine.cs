// Small stand-ins for what the Unity package uses of UnityEngine, written for the tests: the same names and the same
// arithmetic, nothing of Unity's. A scene here is a list of components that the test runs frame by frame.
using System;
using System.Collections.Generic;
using System.Reflection;

namespace AOT
{
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type) { }
    }
}

namespace UnityEngine
{
    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
        public static Vector3 operator +(Vector3 a, Vector3 b) { return new Vector3(a.x + b.x, a.y + b.y, a.z + b.z); }
        public static Vector3 operator *(Vector3 a, float s) { return new Vector3(a.x * s, a.y * s, a.z * s); }
        public static Vector3 Cross(Vector3 a, Vector3 b)
        {
            return new Vector3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
        }
    }

    public struct Quaternion
    {
        public float x, y, z, w;
        public Quaternion(float x, float y, float z, float w) { this.x = x; this.y = y; this.z = z; this.w = w; }

        /// v + 2w (a × v) + 2 a × (a × v), as Unity documents a rotation of a point by a quaternion.
        public static Vector3 operator *(Quaternion q, Vector3 v)
        {
            Vector3 a = new Vector3(q.x, q.y, q.z);
            Vector3 once = Vector3.Cross(a, v);
            return v + once * (2 * q.w) + Vector3.Cross(a, once) * 2;
        }
    }

    public class Object
    {
        public string name = "";
        public static implicit operator bool(Object one) { return one != null; }
    }

    public class Component : Object
    {
        public GameObject gameObject;
        public Transform transform { get { return gameObject.transform; } }
    }

    public sealed class Transform : Component
    {
        public Vector3 position, localScale;
        public Quaternion rotation = new Quaternion(0, 0, 0, 1);
        public int looks;
        public void LookAt(Vector3 at) { looks++; }
    }

    public class MonoBehaviour : Component { }

    public enum PrimitiveType { Sphere, Cube }

    public sealed class GameObject : Object
    {
        public readonly Transform transform = new Transform();
        public readonly List<MonoBehaviour> components = new List<MonoBehaviour>();
        bool active = true;

        public static GameObject CreatePrimitive(PrimitiveType type) { return new GameObject(); }

        public T AddComponent<T>() where T : MonoBehaviour, new()
        {
            T made = new T { gameObject = this };
            components.Add(made);
            Scene.Add(made);
            if (active) Scene.Enable(made);
            return made;
        }

        public void SetActive(bool on)
        {
            if (on == active) return;
            active = on;
            foreach (MonoBehaviour one in components) { if (on) Scene.Enable(one); else Scene.Call(one, "OnDisable"); }
        }
    }

    /// Not Unity's: what the test runs frames with, by the names of the functions that the engine calls.
    public static class Scene
    {
        public static readonly List<MonoBehaviour> All = new List<MonoBehaviour>();
        static readonly HashSet<MonoBehaviour> awake = new HashSet<MonoBehaviour>();
        static readonly Dictionary<MonoBehaviour, Action> updates = new Dictionary<MonoBehaviour, Action>();

        public static void Call(MonoBehaviour one, string name)
        {
            MethodInfo method = one.GetType().GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic, null,
                Type.EmptyTypes, null);
            if (method != null) ((Action)Delegate.CreateDelegate(typeof(Action), one, method))();
        }

        public static void Add(MonoBehaviour one)
        {
            All.Add(one);
            MethodInfo method = one.GetType().GetMethod("Update", BindingFlags.Instance | BindingFlags.NonPublic);
            if (method != null) updates[one] = (Action)Delegate.CreateDelegate(typeof(Action), one, method);
        }

        public static void Enable(MonoBehaviour one)
        {
            if (awake.Add(one)) Call(one, "Awake");
            Call(one, "OnEnable");
        }

        public static void Frame()
        {
            for (int i = 0; i < All.Count; i++)
            {
                Action update;
                if (updates.TryGetValue(All[i], out update)) update();
            }
        }
    }

    public static class Time
    {
        public static float deltaTime = 1f / 90f;
        public static float unscaledDeltaTime = 1f / 90f;
    }

    public static class Mathf
    {
        public const float PI = (float)Math.PI;
        public static float Cos(float x) { return (float)Math.Cos(x); }
        public static float Sin(float x) { return (float)Math.Sin(x); }
    }

    public static class Debug
    {
        public static int errors;
        public static void LogException(Exception thrown) { errors++; }
        public static void LogError(object text, Object context) { errors++; }
    }

    public enum RuntimeInitializeLoadType { SubsystemRegistration }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType type) { }
    }

    public sealed class TooltipAttribute : Attribute { public TooltipAttribute(string text) { } }
    public sealed class TextAreaAttribute : Attribute { }
    public sealed class AddComponentMenu : Attribute { public AddComponentMenu(string text) { } }
    public sealed class DisallowMultipleComponent : Attribute { }
    public sealed class DefaultExecutionOrder : Attribute { public DefaultExecutionOrder(int order) { } }
}
