#pragma once
#include "CoreMinimal.h"
class AActor
{
public:
    const FTransform& GetActorTransform() const { return Transform; }
    FTransform Transform;
};
