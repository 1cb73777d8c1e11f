#pragma once

#include "CoreMinimal.h"
#include "XrmeshLibrary.h"

DECLARE_LOG_CATEGORY_EXTERN(LogXrmesh, Log, All);

/** Whether a call succeeded; writes the library's text to the log where it did not. */
inline bool XrmeshOk(xrmesh_status Status, const TCHAR* What)
{
    if (Status >= 0)
    {
        return true;
    }
    char Text[1025];
    uint32_t Length = 0;
    xrmesh_last_error(Text, 1024, &Length);
    Text[Length < 1024 ? Length : 1024] = 0;
    UE_LOG(LogXrmesh, Error, TEXT("%s: %s: %s"), What, UTF8_TO_TCHAR(xrmesh_status_name(Status)), UTF8_TO_TCHAR(Text));
    return false;
}
