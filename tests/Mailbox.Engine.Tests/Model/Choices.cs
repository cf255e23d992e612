namespace Mailbox.Engine.Tests;

/// <summary>A program's decisions, drawn from one number for each step, so that any list of numbers is a program.</summary>
struct Choices(int seed)
{
    uint _state = (uint)seed * 2654435761u + 1;

    /// <returns>0 to <paramref name="count"/> - 1.</returns>
    public int Next(int count)
    {
        _state = _state * 1664525 + 1013904223;
        return (int)((_state >> 8) % (uint)count);
    }

    public bool OneIn(int count) => Next(count) == 0;

    public T Of<T>(params ReadOnlySpan<T> choices) => choices[Next(choices.Length)];
}
