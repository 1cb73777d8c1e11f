-- Reads a frame through LuaJIT's FFI, which takes include/xrmesh.h as it is but for its preprocessor lines.
--
--   luajit ffi/tests/lua/frame.lua --layout
--   luajit ffi/tests/lua/frame.lua FOLDER-OF-THE-LIBRARY
local ffi = require("ffi")

local here = arg[0]:match("^(.*)/") or "."
local file = assert(io.open(here .. "/../../../include/xrmesh.h"))
local header = file:read("*a")
file:close()

-- The constants, and what is left when comments and directives are gone.
local XRMESH = {}
local limits = { UINT32_MAX = 0xffffffff, UINT64_MAX = 0xffffffffffffffffULL }
for name, value in header:gmatch("#define XRMESH_([%w_]+) (%S+)\n") do
    XRMESH[name] = limits[value] or assert(tonumber(value), name)
end
local declarations = header:gsub("/%*.-%*/", ""):gsub("#ifdef __cplusplus.-#endif[^\n]*", ""):gsub("#[^\n]*", "")
ffi.cdef(declarations)

-- Each struct's size and each field's offset, as LuaJIT places them.
local function layout()
    local names = {}
    for name in declarations:gmatch("typedef struct (xrmesh_[%w_]+) {") do
        names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
        print(name .. " " .. ffi.sizeof(name))
        local body = declarations:match("typedef struct " .. name .. " (%b{})")
        for field in body:sub(2, -2):gmatch("[^;]+;") do
            local word = field:match("%(%*([%w_]+)%)") or field:match("([%w_]+)%s*;") or field:match("([%w_]+)%[%d+%]%s*;")
            print(name .. "." .. word .. " " .. ffi.offsetof(name, word))
        end
    end
end

local function frame(folder)
    local C = ffi.load(folder .. "/libxrmesh.so")
    local function check(status)
        if status < 0 then
            local text, length = ffi.new("char[1024]"), ffi.new("uint32_t[1]")
            C.xrmesh_last_error(text, 1024, length)
            error(ffi.string(C.xrmesh_status_name(status)) .. ": " .. ffi.string(text, length[0]), 2)
        end
        return status
    end
    assert(C.xrmesh_abi_version() == XRMESH.ABI_VERSION)

    local options, made = ffi.new("xrmesh_mesh_options"), ffi.new("xrmesh_mesh[1]")
    C.xrmesh_mesh_options_default(options)
    options.worker_threads = 0
    check(C.xrmesh_mesh_create(options, made))
    local mesh = ffi.new("xrmesh_mesh", made[0]) -- made[0] alone is a reference, which keeps nothing alive

    local agents = ffi.new("xrmesh_agent_id[10]")
    for i = 0, 9 do
        check(C.xrmesh_mesh_spawn(mesh, nil, agents + i))
    end
    local count = 1000
    local sends, bytes = ffi.new("xrmesh_send[?]", count), ffi.new("uint8_t[?]", count * 80)
    for i = 0, count - 1 do
        C.xrmesh_send_default(sends + i)
        sends[i].kind = XRMESH.KIND_USER + i % 7
        sends[i].target = agents[i % 10]
        sends[i].payload_offset, sends[i].payload_len = i * 80, i % 81
        ffi.fill(bytes + i * 80, 80, i % 251)
    end
    local messages, payload = ffi.new("xrmesh_message[?]", count), ffi.new("uint64_t[?]", count * 11)
    local got = ffi.new("xrmesh_poll_result")
    for tick = 1, 100 do
        check(C.xrmesh_mesh_submit(mesh, sends, count, bytes, count * 80, nil, nil))
        check(C.xrmesh_mesh_tick(mesh, tick, XRMESH.UNLIMITED, nil))
        assert(check(C.xrmesh_mesh_poll(mesh, messages, count, ffi.cast("uint8_t *", payload), count * 88, got)) == XRMESH.OK)
        assert(got.message_count == count and got.waiting == 0)
        local nth = {}
        for i = 0, count - 1 do
            local message = messages[i]
            local key = tostring(message.to)
            nth[key] = nth[key] or 0
            -- The nth message of agent a is the one sent as number 10 n + a.
            local number
            for a = 0, 9 do
                if agents[a] == message.to then number = nth[key] * 10 + a end
            end
            nth[key] = nth[key] + 1
            assert(message.kind == XRMESH.KIND_USER + number % 7 and message.payload_len == number % 81)
            local at = ffi.cast("uint8_t *", payload) + message.payload_offset
            for j = 0, message.payload_len - 1 do
                assert(at[j] == number % 251)
            end
        end
    end
    check(C.xrmesh_mesh_destroy(mesh))
    assert(C.xrmesh_mesh_destroy(mesh) == XRMESH.ERROR_INVALID_HANDLE)
end

if arg[1] == "--layout" then
    layout()
else
    frame(assert(arg[1], "the folder of the library"))
end
