using System.Text.RegularExpressions;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The page of the message's path and the classes that it names.</summary>
public sealed partial class MessagePathTests
{
    [Fact]
    public void Every_class_of_a_station_is_there_and_says_its_number()
    {
        var stations = Station().Matches(Readme.Read("docs/message-path.md")).ToList();

        Assert.Equal(8, stations.Count);
        foreach (var station in stations)
            Assert.All(Name().Matches(station.Groups[2].Value), name => Assert.Contains(
                $"tation {station.Groups[1].Value}", Readme.ReadSourceOf(name.Groups[1].Value), StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\n\| ([1-79]) \| [^|]+ \| ((?:`\w+`[^|`]*)+) \|")]
    private static partial Regex Station();

    [GeneratedRegex("`([A-Z]\\w+)`")]
    private static partial Regex Name();
}
