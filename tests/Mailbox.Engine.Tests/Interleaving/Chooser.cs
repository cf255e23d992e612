namespace Mailbox.Engine.Tests;

/// <summary>Decides what runs next: at random by a seed, or every way there is, one after the other.</summary>
sealed class Chooser
{
    readonly Random? _random;
    readonly List<(int Chosen, int Of)> _path = [];
    int _at;

    Chooser(Random? random) => _random = random;

    public static Chooser Random(int seed) => new(new Random(seed));

    public static Chooser Exhaustive() => new(null);

    public int Next(int count)
    {
        if (count < 2) return 0;
        if (_random is not null) return _random.Next(count);
        if (_at == _path.Count) _path.Add((0, count));
        return _path[_at++].Chosen;
    }

    /// <summary>Goes on to the next way. False after the last.</summary>
    public bool Advance()
    {
        while (_path.Count > 0 && _path[^1].Chosen + 1 == _path[^1].Of) _path.RemoveAt(_path.Count - 1);
        if (_path.Count == 0) return false;
        _path[^1] = (_path[^1].Chosen + 1, _path[^1].Of);
        _at = 0;
        return true;
    }

    public override string ToString() => string.Join(' ', _path.Select(step => step.Chosen));
}
