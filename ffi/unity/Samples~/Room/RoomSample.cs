using UnityEngine;
using Xrmesh;

/// <summary>
/// A room of things that greet whatever comes near: put it on an empty object in an empty scene and press play. One
/// body walks in a circle and once a second sends a message to all within 1.5 m of it; who hears it turns to it.
/// </summary>
public sealed class RoomSample : MonoBehaviour
{
    public int things = 24;
    public float radius = 4f;

    XrmeshHost host;
    XrmeshBody walker;
    float angle, sinceGreeting;

    void Start()
    {
        host = gameObject.AddComponent<XrmeshHost>();
        for (int i = 0; i < things; i++)
        {
            float at = i * 2f * Mathf.PI / things;
            XrmeshBody thing = NewBody("thing " + i, PrimitiveType.Cube, 0.3f);
            thing.transform.position = new Vector3(radius * Mathf.Cos(at), 0f, radius * Mathf.Sin(at));
            thing.Received += (inbox, index) =>
                thing.transform.LookAt(UnitySpace.PositionToUnity(inbox[index].pose.position));
        }
        walker = NewBody("walker", PrimitiveType.Sphere, 0.4f);
    }

    void Update()
    {
        angle += Time.deltaTime * 0.5f;
        walker.transform.position = new Vector3((radius - 1f) * Mathf.Cos(angle), 0f, (radius - 1f) * Mathf.Sin(angle));
        sinceGreeting += Time.deltaTime;
        if (sinceGreeting < 1f) return;
        sinceGreeting = 0f;
        XrPose pose = UnitySpace.PoseOf(walker.transform);
        ref XrSend greeting = ref walker.Send(0, Native.XRMESH_KIND_USER);
        greeting.to = Native.XRMESH_TO_NEAR;
        greeting.point = pose.position;
        greeting.radius = 1.5f;
        greeting.pose = pose;
        greeting.flags = Native.XRMESH_SEND_POSE;
    }

    XrmeshBody NewBody(string name, PrimitiveType shape, float size)
    {
        GameObject made = GameObject.CreatePrimitive(shape);
        made.name = name;
        made.transform.localScale = new Vector3(size, size, size);
        // Off while it is set up: a body joins its host's mesh when it is enabled.
        made.SetActive(false);
        XrmeshBody body = made.AddComponent<XrmeshBody>();
        body.host = host;
        made.SetActive(true);
        return body;
    }
}
