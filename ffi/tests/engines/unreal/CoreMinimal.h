// Small stand-ins for what the Unreal plugin uses of the engine, written for the tests: the same names and the same
// arithmetic, nothing of Unreal's. What the build tool generates there is nothing here.
#pragma once

#include "HAL/Platform.h"

#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

using int32 = std::int32_t;
using int64 = std::int64_t;
using uint8 = std::uint8_t;
using uint16 = std::uint16_t;
using uint32 = std::uint32_t;
using uint64 = std::uint64_t;
using TCHAR = char;

#define TEXT(text) text
#define UTF8_TO_TCHAR(text) text
#define XRMESH_API
#define UCLASS(...)
#define UPROPERTY(...)
#define GENERATED_BODY()

struct FVector
{
    double X = 0, Y = 0, Z = 0;
    FVector() = default;
    FVector(double X, double Y, double Z) : X(X), Y(Y), Z(Z) {}
    FVector operator+(const FVector& V) const { return {X + V.X, Y + V.Y, Z + V.Z}; }
    FVector operator-(const FVector& V) const { return {X - V.X, Y - V.Y, Z - V.Z}; }
    FVector operator*(double S) const { return {X * S, Y * S, Z * S}; }
    FVector operator/(double S) const { return {X / S, Y / S, Z / S}; }
    static FVector CrossProduct(const FVector& A, const FVector& B)
    {
        return {A.Y * B.Z - A.Z * B.Y, A.Z * B.X - A.X * B.Z, A.X * B.Y - A.Y * B.X};
    }
};

struct FQuat
{
    double X = 0, Y = 0, Z = 0, W = 1;
    FQuat() = default;
    FQuat(double X, double Y, double Z, double W) : X(X), Y(Y), Z(Z), W(W) {}
    /// v + 2w (a × v) + 2 a × (a × v), as Unreal documents a rotation of a vector by a quaternion.
    FVector RotateVector(const FVector& V) const
    {
        const FVector A(X, Y, Z), Once = FVector::CrossProduct(A, V);
        return V + Once * (2 * W) + FVector::CrossProduct(A, Once) * 2;
    }
};

struct FTransform
{
    FTransform() = default;
    FTransform(const FQuat& Rotation, const FVector& Location) : Rotation(Rotation), Location(Location) {}
    FQuat GetRotation() const { return Rotation; }
    FVector GetLocation() const { return Location; }

private:
    FQuat Rotation;
    FVector Location;
};

template <class T>
class TConstArrayView
{
public:
    TConstArrayView() = default;
    TConstArrayView(const T* Data, int32 Count) : Data(Data), Count(Count) {}
    const T* GetData() const { return Data; }
    int32 Num() const { return Count; }
    const T& operator[](int32 Index) const { return Data[Index]; }

private:
    const T* Data = nullptr;
    int32 Count = 0;
};

template <class T>
class TArray
{
public:
    int32 Num() const { return int32(Items.size()); }
    T* GetData() { return Items.data(); }
    const T* GetData() const { return Items.data(); }
    T& operator[](int32 Index) { return Items.at(std::size_t(Index)); }
    T& Last() { return Items.back(); }
    void Add(const T& One) { Items.push_back(One); }
    void Append(const T* First, int32 Count) { Items.insert(Items.end(), First, First + Count); }
    void Reset() { Items.clear(); }
    void SetNumUninitialized(int32 Count) { Items.resize(std::size_t(Count)); }
    auto begin() const { return Items.begin(); }
    auto end() const { return Items.end(); }

private:
    std::vector<T> Items;
};

template <class K, class V>
class TMap
{
public:
    struct Pair
    {
        K Key;
        V Value;
    };
    struct Iterator
    {
        typename std::map<K, V>::const_iterator At;
        Pair operator*() const { return {At->first, At->second}; }
        Iterator& operator++() { return ++At, *this; }
        bool operator!=(const Iterator& Other) const { return At != Other.At; }
    };
    void Add(const K& Key, const V& Value) { Items[Key] = Value; }
    int32 Remove(const K& Key) { return int32(Items.erase(Key)); }
    const V* Find(const K& Key) const
    {
        const auto Found = Items.find(Key);
        return Found == Items.end() ? nullptr : &Found->second;
    }
    void Empty() { Items.clear(); }
    Iterator begin() const { return {Items.begin()}; }
    Iterator end() const { return {Items.end()}; }

private:
    std::map<K, V> Items;
};

/// Here nothing is collected while a test runs.
template <class T>
class TWeakObjectPtr
{
public:
    TWeakObjectPtr(T* Object = nullptr) : Object(Object) {}
    T* Get() const { return Object; }

private:
    T* Object;
};

class FString
{
public:
    FString(const char* Text) : Text(Text) {}
    const TCHAR* operator*() const { return Text.c_str(); }

private:
    std::string Text;
};

class FTCHARToUTF8
{
public:
    explicit FTCHARToUTF8(const TCHAR* Text) : Text(Text) {}
    const char* Get() const { return Text.c_str(); }
    int32 Length() const { return int32(Text.size()); }

private:
    std::string Text;
};

template <class... A>
class TMulticastDelegate
{
public:
    template <class F>
    void AddLambda(F Call) { Calls.push_back(Call); }
    void Broadcast(A... Arguments) const
    {
        for (const auto& Call : Calls)
            Call(Arguments...);
    }

private:
    std::vector<std::function<void(A...)>> Calls;
};
#define DECLARE_MULTICAST_DELEGATE_TwoParams(Name, A, B) using Name = TMulticastDelegate<A, B>

inline int LoggedErrors = 0;
#define DECLARE_LOG_CATEGORY_EXTERN(Name, Level, All) extern int Name
#define DEFINE_LOG_CATEGORY(Name) int Name = 0
#define UE_LOG(Category, Level, ...) (void(Category), ++LoggedErrors, std::fprintf(stderr, __VA_ARGS__), std::fputc('\n', stderr))

struct TStatId
{
};
#define RETURN_QUICK_DECLARE_CYCLE_STAT(Name, Group) return TStatId()
