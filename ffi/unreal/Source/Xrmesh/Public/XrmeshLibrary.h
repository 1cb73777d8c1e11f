#pragma once

#include "HAL/Platform.h"

THIRD_PARTY_INCLUDES_START
#include "xrmesh.h"
THIRD_PARTY_INCLUDES_END
