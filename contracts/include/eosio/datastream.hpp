#pragma once

#include <snapscale/core/datastream.hpp>
#include <snapscale/core/serialize.hpp>
