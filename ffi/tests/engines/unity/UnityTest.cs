using System;
using System.Collections.Generic;
using UnityEngine;
using Xrmesh;

/// The Unity package against the stand-ins: its converters, and its components run frame by frame on the library.
static class UnityTest
{
    static readonly Random random = new Random(20261122);

    static int Main()
    {
        try
        {
            Converters();
            Frames();
            Sample();
            return 0;
        }
        catch (Exception thrown)
        {
            Console.Error.WriteLine(thrown);
            return 1;
        }
    }

    // Converters

    static float Any() { return (float)(random.NextDouble() * 20 - 10); }

    static XrFloat3 AnyVector() { return new XrFloat3(Any(), Any(), Any()); }

    static XrFloat4 AnyRotation()
    {
        float x = Any(), y = Any(), z = Any(), w = Any();
        float length = (float)Math.Sqrt(x * x + y * y + z * z + w * w);
        return new XrFloat4(x / length, y / length, z / length, w / length);
    }

    /// In the mesh's space, which is right-handed: the same algebra, on its own types.
    static XrFloat3 Rotate(XrFloat4 q, XrFloat3 v)
    {
        Vector3 turned = new Quaternion(q.x, q.y, q.z, q.w) * new Vector3(v.x, v.y, v.z);
        return new XrFloat3(turned.x, turned.y, turned.z);
    }

    static void Near(Vector3 a, Vector3 b)
    {
        float most = Math.Max(Math.Abs(a.x - b.x), Math.Max(Math.Abs(a.y - b.y), Math.Abs(a.z - b.z)));
        Check.That(most < 1e-4f, "(" + a.x + ", " + a.y + ", " + a.z + ") and (" + b.x + ", " + b.y + ", " + b.z + ")");
    }

    static void Same(XrFloat3 a, XrFloat3 b) { Check.That(a.x == b.x && a.y == b.y && a.z == b.z, "no round trip"); }

    static void Converters()
    {
        Near(UnitySpace.PositionToUnity(new XrFloat3(0, 0, -1)), new Vector3(0, 0, 1)); // forward
        Near(UnitySpace.PositionToUnity(new XrFloat3(0, 1, 0)), new Vector3(0, 1, 0)); // up
        Near(UnitySpace.PositionToUnity(new XrFloat3(1, 0, 0)), new Vector3(1, 0, 0)); // right
        // A quarter turn to the left about the upward axis takes forward to left, in both spaces.
        float half = (float)Math.Sqrt(0.5);
        Near(UnitySpace.RotationToUnity(new XrFloat4(0, half, 0, half)) * new Vector3(0, 0, 1), new Vector3(-1, 0, 0));
        for (int i = 0; i < 1000; i++)
        {
            XrFloat3 v = AnyVector(), w = AnyVector();
            XrFloat4 q = AnyRotation();
            Quaternion converted = UnitySpace.RotationToUnity(q);
            Near(UnitySpace.PositionToUnity(Rotate(q, v)), converted * UnitySpace.PositionToUnity(v));
            // The velocity ω × r of a point of a turning body, computed on either side.
            Vector3 cross = Vector3.Cross(new Vector3(w.x, w.y, w.z), new Vector3(v.x, v.y, v.z));
            Near(UnitySpace.PositionToUnity(new XrFloat3(cross.x, cross.y, cross.z)),
                Vector3.Cross(UnitySpace.AngularVelocityToUnity(w), UnitySpace.PositionToUnity(v)));
            XrFloat3 extents = new XrFloat3(Math.Abs(v.x), Math.Abs(v.y), Math.Abs(v.z));
            Vector3 kept = UnitySpace.ExtentsToUnity(extents);
            Check.That(kept.x == extents.x && kept.y == extents.y && kept.z == extents.z, "extents changed");
            Same(UnitySpace.PositionFromUnity(UnitySpace.PositionToUnity(v)), v);
            Same(UnitySpace.AngularVelocityFromUnity(UnitySpace.AngularVelocityToUnity(v)), v);
            Same(UnitySpace.ExtentsFromUnity(UnitySpace.ExtentsToUnity(v)), v);
            XrFloat4 back = UnitySpace.RotationFromUnity(converted);
            Check.That(back.x == q.x && back.y == q.y && back.z == q.z && back.w == q.w, "no round trip");
        }
    }

    // Components

    static XrmeshBody Body(XrmeshHost host, float x, params string[] topics)
    {
        GameObject made = new GameObject();
        made.SetActive(false);
        XrmeshBody body = made.AddComponent<XrmeshBody>();
        body.host = host;
        body.topics = topics;
        body.transform.position = new Vector3(x, 0, 0);
        made.SetActive(true);
        return body;
    }

    static void Frames()
    {
        GameObject scene = new GameObject();
        XrmeshHost host = scene.AddComponent<XrmeshHost>();
        host.budgetMilliseconds = 0;
        XrmeshBody[] bodies = new XrmeshBody[100];
        int received = 0;
        for (int i = 0; i < bodies.Length; i++)
        {
            bodies[i] = Body(host, i, "all");
            bodies[i].Received += (inbox, index) => received++;
        }
        ulong topic = XrLibrary.Topic("all");
        for (int frame = 0; frame < 30; frame++) Speak(host, bodies, topic, frame);
        Check.Same(received, 30 * 100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int frame = 30; frame < 120; frame++) Speak(host, bodies, topic, frame);
        Check.Same(GC.GetAllocatedBytesForCurrentThread() - before, 0L);
        Check.Same(received, 120 * 100);
        // Where they are is where they were put, in the mesh's space.
        XrPose pose;
        Check.That(host.Mesh.PoseOf(bodies[7].Agent, out pose), "no pose");
        Check.Same(pose.position.z, -119f);
        bodies[3].gameObject.SetActive(false);
        Check.Same(bodies[3].Agent, 0UL);
        Speak(host, bodies, topic, 120);
        Check.Same(received, 120 * 100 + 99);
        Check.That(host.NowNs > 1300000000, "the time stands still");
        Scene.Call(host, "OnDestroy");
        Scene.All.Clear();
        Check.Same(Debug.errors, 0);
    }

    static void Speak(XrmeshHost host, XrmeshBody[] bodies, ulong topic, int frame)
    {
        bodies[7].transform.position = new Vector3(0, 0, frame);
        Check.Plain(ref host.Outbox.ToTopic(topic, Native.XRMESH_KIND_USER, 8));
        Scene.Frame();
    }

    static void Sample()
    {
        RoomSample sample = new GameObject().AddComponent<RoomSample>();
        Scene.Call(sample, "Start");
        // Round the room once, at half a radian a second.
        for (int frame = 0; frame < 90 * 13; frame++) Scene.Frame();
        int greeted = 0;
        foreach (MonoBehaviour one in Scene.All)
            if (one is XrmeshBody && one.transform.looks > 0) greeted++;
        Check.Same(greeted, sample.things);
        Check.Same(Debug.errors, 0);
    }
}
