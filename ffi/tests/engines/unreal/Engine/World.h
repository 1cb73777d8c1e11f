#pragma once
class UXrmeshSubsystem;
/// A world has the one subsystem that a test gives it.
class UWorld
{
public:
    template <class T>
    T* GetSubsystem() const { return Subsystem; }
    UXrmeshSubsystem* Subsystem = nullptr;
};
