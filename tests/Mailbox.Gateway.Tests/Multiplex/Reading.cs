using System.IO.Pipelines;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>All that a multiplexed body gives.</summary>
sealed record Reading(List<MultiplexPart> Parts, Problem? Problem)
{
    public IEnumerable<string> Shown => Parts.Select(part => ReferenceParser.Shown(part.Headers.Fields, Encoding.Latin1.GetString(part.Body.Span)));

    public static Task<Reading> OfAsync(string body) => OfAsync(PipeReader.Create(new(Bodies.Bytes(body))));

    public static async Task<Reading> OfAsync(PipeReader body)
    {
        var (reader, parts) = (new MultiplexReader(body, Bodies.Boundary, Bodies.MaxBodyBytes), new List<MultiplexPart>());
        PartRead read;
        while ((read = await reader.ReadAsync()).Part is { } part) parts.Add(part);
        Assert.Equal(read, await reader.ReadAsync());
        return new(parts, read.Problem);
    }
}
