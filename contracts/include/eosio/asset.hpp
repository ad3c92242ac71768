#pragma once

#include <snapscale/core/asset.hpp>
