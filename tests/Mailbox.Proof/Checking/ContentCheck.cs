using Mailbox.Proof.Deeds;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof.Checking;

/// <summary>Every position has one content, the whole body of a letter, whoever reads it; and no letter has two positions.</summary>
sealed class ContentCheck : ICheck
{
    public IEnumerable<string> Breaches(Evidence evidence) =>
        evidence.LogsOf.SelectMany(logs => Breaches(logs.Key, logs.SelectMany(log => log.Sightings)));

    static IEnumerable<string> Breaches(string mailbox, IEnumerable<Sighting> sightings)
    {
        var bodies = new Dictionary<Position, string>();
        var positions = new Dictionary<(string Epoch, string Body), Position>();
        foreach (var (position, body, _) in sightings)
        {
            if (Letter.IdOf(body) is null) yield return $"{mailbox}: what was read at {position} is no letter: {body}";
            if (bodies.GetValueOrDefault(position, body) != body) yield return $"{mailbox}: {position} has two contents: {body} and {bodies[position]}";
            if (positions.GetValueOrDefault((position.Epoch, body), position) != position)
                yield return $"{mailbox}: {body} is there twice: {position} and {positions[(position.Epoch, body)]}";
            bodies[position] = body;
            positions[(position.Epoch, body)] = position;
        }
    }
}
