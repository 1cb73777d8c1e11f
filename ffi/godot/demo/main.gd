# A room of things that are greeted by a walker who passes each of them in 120 frames. It ends with 0 if every thing
# heard it, and with 1 otherwise: godot --headless --path ffi/godot/demo
extends Node3D

const FRAMES := 120
const THINGS := 24
const RADIUS_M := 4.0
const HEARING_M := 1.2
const KIND := 16 # XRMESH_KIND_USER

var mesh: XrmeshNode
var walker := 0
var things := {}
var greeted := {}
var topic := 0
var told := 0
var frame := 0

func place(angle: float) -> Vector3:
	return Vector3(RADIUS_M * cos(angle), 0.0, RADIUS_M * sin(angle))

func _ready() -> void:
	mesh = XrmeshNode.new()
	add_child(mesh)
	for i in THINGS:
		var thing := Node3D.new()
		thing.position = place(TAU * i / THINGS)
		add_child(thing)
		var agent := mesh.spawn(thing.position, thing.quaternion)
		things[agent] = thing
		topic = mesh.subscribe(agent, "all")
	walker = mesh.spawn(place(0.0), Quaternion.IDENTITY)

func _process(_delta: float) -> void:
	hear()
	if frame == FRAMES:
		finish()
		return
	var at := place(TAU * frame / FRAMES)
	mesh.move(walker, at, Quaternion.IDENTITY)
	mesh.send_near(walker, at, HEARING_M, KIND, PackedByteArray([frame % 256, 7]))
	# The same by an untyped call, which Godot makes through variants.
	var untyped = mesh
	untyped.send_topic(0, topic, KIND + 1, "frame".to_utf8_buffer())
	frame += 1

func hear() -> void:
	while mesh.next_message():
		var bytes := mesh.message_payload()
		if mesh.message_kind() == KIND + 1:
			told += 1 if bytes.get_string_from_utf8() == "frame" else 0
		elif things.has(mesh.message_to()):
			assert(mesh.message_from() == walker and bytes[1] == 7)
			greeted[mesh.message_to()] = true
			assert(mesh.position_of(mesh.message_to()).is_equal_approx(things[mesh.message_to()].position))

func finish() -> void:
	var right := greeted.size() == THINGS and told == FRAMES * THINGS
	print("xrmesh: ", FRAMES, " frames, ", greeted.size(), " of ", THINGS, " greeted, ", told, " told")
	get_tree().quit(0 if right else 1)
