using System;
using UnityEngine;

namespace Xrmesh
{
    /// <summary>A thing of the scene that is an agent of a mesh while it is enabled.</summary>
    [DisallowMultipleComponent]
    [AddComponentMenu("xrmesh/Body")]
    public sealed class XrmeshBody : MonoBehaviour
    {
        [Tooltip("The mesh that it belongs to.")]
        public XrmeshHost host;

        [Tooltip("Whether the mesh is told every frame where this is.")]
        public bool follows = true;

        [Tooltip("What it listens to.")]
        public string[] topics = new string[0];

        /// <summary>Gets each message: the inbox it lies in and its place there. Valid until it returns.</summary>
        public event Action<XrInbox, int> Received;

        ulong agent;

        /// <summary>Its agent's id; 0 while it is not enabled.</summary>
        public ulong Agent { get { return agent; } }

        /// <summary>Adds a message of this body to an agent to what the host sends in the next frame.</summary>
        public ref XrSend Send(ulong to, int kind, int length = 0)
        {
            ref XrSend send = ref host.Outbox.ToAgent(to, kind, length);
            send.from = agent;
            return ref send;
        }

        internal void Receive(XrInbox inbox, int index)
        {
            if (Received != null) Received(inbox, index);
        }

        void OnEnable()
        {
            if (host == null)
            {
                Debug.LogError("xrmesh: this body has no host", this);
                return;
            }
            agent = host.Add(this);
            foreach (string topic in topics) host.Mesh.Subscribe(agent, topic);
        }

        void OnDisable()
        {
            if (host != null && agent != 0) host.Remove(agent);
            agent = 0;
        }
    }
}
